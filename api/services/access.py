"""The door: who calls, told from a key, a token or the place the request comes from. Decided anew for each request.

No credential is ever taken for less than it claims to be: where keys exist, a wrong one is refused and not served as a
stranger. Where none ever existed a credential says nothing and is not looked at; some clients cannot send none.
"""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from api.services.callers import BOOTSTRAP, LOCAL, STRANGER, Caller, caller_with_key, is_local_name, is_loopback
from api.services.known_keys import Keys
from api.services.tokens import Tokens
from stenopool.clock import utc_now
from stenopool.errors import ErrorCode, UsageError
from stenopool.keys.format import MISSING_DIGEST, digest_of, is_same_digest, key_id_of
from stenopool.keys.model import KeyRecord
from stenopool.keys.signing import SignedRequest, is_signed

_HOW: Final = "send Authorization: Bearer <key>, or X-API-Key"


@dataclass(frozen=True, slots=True)
class Knock:
    """What a request says of who makes it; nothing in it is believed but ``address``."""

    credentials: tuple[bytes, ...] = field(repr=False)
    """Every credential sent, from whichever header."""
    address: str | None
    """Client's address after trusted proxies; None where it cannot be believed."""
    host: str
    """``Host``, as sent."""
    fetch_site: str = ""
    """``Sec-Fetch-Site``, which a page cannot forge; empty from anything but a browser."""
    origin: str = ""
    """``Origin``, as sent; older browsers send this alone."""
    signed: SignedRequest | None = None
    signature: str = ""


@dataclass(frozen=True, slots=True)
class DoorRules:
    """What the operator set."""

    bootstrap_digest: str | None = None
    """SHA-256 of API_KEY, hex."""
    is_anonymous_allowed: bool = False
    trusted_hosts: Collection[str] = ()
    cors_origins: Collection[str] = ()


class Door:
    """Lets callers in."""

    def __init__(
        self, keys: Keys, tokens: Tokens | None, rules: DoorRules, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._keys = keys
        self._tokens = tokens
        self._rules = rules
        self._clock = clock

    async def admit(self, knock: Knock) -> Caller:
        """Who calls.

        Raises:
            UsageError: ``unauthenticated`` or ``bad_signature``; where there are no keys ``local_only``, ``bad_host``
                or ``cross_site``.
            TransientError: ``store_unavailable``: whether there are keys cannot be known.
        """
        is_configured = self._rules.bootstrap_digest is not None or self._tokens is not None
        if is_configured or await self._keys.is_closed():
            return await self._holder(knock)
        if self._rules.is_anonymous_allowed:
            return STRANGER
        self._require_local(knock)
        return LOCAL

    async def _holder(self, knock: Knock) -> Caller:
        if len(set(knock.credentials)) != 1:
            what = "two different keys were sent" if knock.credentials else "a key is needed here"
            raise UsageError(ErrorCode.UNAUTHENTICATED, what, _HOW)
        credential = knock.credentials[0]
        digest = digest_of(credential)
        if is_same_digest(digest, self._rules.bootstrap_digest or MISSING_DIGEST):
            return BOOTSTRAP
        key_id = key_id_of(credential)
        if key_id is not None:
            return self._key_holder(await self._keys.get(key_id), digest, knock)
        caller = self._tokens.caller(credential) if self._tokens else None
        if caller is None:
            raise _not_good()
        return caller

    def _key_holder(self, record: KeyRecord | None, digest: str, knock: Knock) -> Caller:
        # Compared also where there is nothing to compare with: a miss must not be told by its time.
        is_right = is_same_digest(digest, record.digest if record else MISSING_DIGEST)
        if record is None or not is_right or record.revoked_at is not None:
            raise _not_good()
        if record.expires_at is not None and record.expires_at <= self._clock():
            # Whoever knows the whole key may know this much.
            raise UsageError(ErrorCode.UNAUTHENTICATED, "the key has expired", "ask the operator for another")
        if record.signing_secret is not None:
            self._require_signed(record.signing_secret, knock)
        return caller_with_key(record)

    def _require_signed(self, secret: str, knock: Knock) -> None:
        if knock.signed is None or not is_signed(secret, knock.signed, knock.signature, time.time()):
            raise UsageError(
                ErrorCode.BAD_SIGNATURE,
                "this key asks for signed requests, and this one is not, or not any more",
                "sign with X-Timestamp, X-Content-SHA256 and X-Signature, and check the clock",
            )

    def _require_local(self, knock: Knock) -> None:
        if not is_loopback(knock.address):
            raise UsageError(
                ErrorCode.LOCAL_ONLY,
                "without keys only the machine itself is served",
                "make one: stenopool keys create; behind a proxy set FORWARDED_ALLOW_IPS",
            )
        if not is_local_name(knock.host, self._rules.trusted_hosts):
            raise UsageError(
                ErrorCode.BAD_HOST, "this is not the name of this machine", "use 127.0.0.1, or set TRUSTED_HOSTS"
            )
        if knock.origin in self._rules.cors_origins and knock.origin:
            return
        origin_host = knock.origin.rpartition("//")[2]
        # "null" is what a sandboxed page sends; it names nobody.
        is_foreign = bool(knock.origin) and not is_local_name(origin_host, self._rules.trusted_hosts)
        if knock.fetch_site == "cross-site" or is_foreign:
            raise UsageError(
                ErrorCode.CROSS_SITE,
                "a page of another site asked, and without keys its wish cannot be told from yours",
                "make a key, or name its origin in CORS_ORIGINS",
            )


def _not_good() -> UsageError:
    return UsageError(ErrorCode.UNAUTHENTICATED, "the key is not good here", _HOW)
