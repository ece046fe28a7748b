"""Callers: on whose behalf a request acts and what that allows."""

import ipaddress
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from stenopool.errors import ErrorCode, UsageError
from stenopool.keys.model import ANONYMOUS_TENANT, DEFAULT_TENANT, USUAL_SCOPES, KeyRecord, Scope

_IPV6_NETWORK_BITS: Final = 64
"""Who has one IPv6 address usually has a /64 of them."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls."""

    tenant: str
    who: str
    """For audit lines and rate limits: ``key:<id>``, ``token:<subject>``, ``local`` or ``stranger``; never a key."""
    scopes: frozenset[Scope]
    rate: str | None = None
    """Submissions this caller may make; None: as the operator set for all."""

    @property
    def is_anonymous(self) -> bool:
        """Whether this is one of many who share a tenant."""
        return self.tenant == ANONYMOUS_TENANT

    def require(self, scope: Scope) -> None:
        """Goes on only with ``scope``.

        Raises:
            UsageError: ``scope_missing``.
        """
        if scope not in self.scopes:
            raise UsageError(
                ErrorCode.SCOPE_MISSING, f"this needs the scope {scope}", "use a key that has it, or ask the operator"
            )

    def require_list(self) -> None:
        """Goes on only for one who has jobs of his own.

        Raises:
            UsageError: ``no_job_list``.
        """
        if self.is_anonymous:
            raise UsageError(
                ErrorCode.NO_JOB_LIST, "callers without a key share one tenant and have no list", "keep your job ids"
            )


LOCAL: Final = Caller(DEFAULT_TENANT, "local", frozenset(Scope))
"""The operator's own machine, as long as there are no keys."""

STRANGER: Final = Caller(ANONYMOUS_TENANT, "stranger", frozenset(USUAL_SCOPES))
"""Anybody, where the operator serves anybody."""

BOOTSTRAP: Final = Caller(DEFAULT_TENANT, "key:bootstrap", frozenset(Scope))
"""Whoever holds API_KEY."""


def caller_with_key(record: KeyRecord) -> Caller:
    """Whoever holds this key."""
    return Caller(record.tenant, f"key:{record.key_id}", frozenset(record.scopes), record.rate)


def bucket(caller: Caller, address: str | None) -> str:
    """What a rate limit counts by: the key or token, else the client's address, an IPv6 one by its /64.

    ``address`` is None where it is not believed; all such callers share a bucket.
    """
    if caller not in (LOCAL, STRANGER):
        return caller.who
    if address is None:
        return "address:unknown"
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "address:unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return f"address:{parsed.ipv4_mapped}"
        return f"address:{ipaddress.ip_network((parsed, _IPV6_NETWORK_BITS), strict=False)}"
    return f"address:{parsed}"


def is_loopback(address: str | None) -> bool:
    """Whether an address is this very machine's; None, one that is not believed, is not."""
    try:
        parsed = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return False
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return (mapped or parsed).is_loopback


def host_name(host: str) -> str:
    """The name in a ``Host`` header or an origin's end, without its port, lower case."""
    text = host.strip().lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.rpartition(":")[0] if text.count(":") == 1 else text


def is_local_name(host: str, also: Collection[str] = ()) -> bool:
    """Whether a ``Host`` names this machine: localhost, a loopback address, or one of ``also``.

    A page of another site can make a browser resolve *its own* name to 127.0.0.1; it cannot make it send this one.
    """
    name = host_name(host)
    return name == "localhost" or name in also or is_loopback(name)
