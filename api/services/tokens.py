"""Tokens: JSON Web Tokens of the operator's own identity provider, checked with one key and one algorithm.

What a token says of how to check it (``alg``, ``jku``, ``kid``, ``x5u``) is not listened to: that is how tokens are
forged (RFC 8725, 3.1 and 3.10).
"""

from dataclasses import dataclass
from typing import Final

import jwt

from api.services.callers import Caller
from stenopool.errors import ErrorCode, FatalError
from stenopool.keys.model import USUAL_SCOPES, Scope, is_tenant
from stenopool.settings import Settings

_LEEWAY_S: Final = 30
"""The provider's clock and ours differ."""
_LONGEST_BYTES: Final = 8192
_SUBJECT_CHARACTERS: Final = 64


@dataclass(frozen=True, slots=True)
class TokenRules:
    """What a token must be."""

    key: str
    algorithm: str
    audience: str
    issuer: str
    tenant_claim: str


class Tokens:
    """Checks tokens. Needs no round trip; a token is good until it expires."""

    def __init__(self, rules: TokenRules) -> None:
        """Makes sure that key and algorithm belong together.

        Raises:
            FatalError: ``settings_wrong``.
        """
        self._rules = rules
        algorithm = jwt.get_algorithm_by_name(rules.algorithm)
        try:
            # Refuses a public key as the secret of HS*, the classic confusion.
            prepared = algorithm.prepare_key(rules.key)
            weakness = algorithm.check_key_length(prepared)
        except (jwt.InvalidKeyError, ValueError, TypeError) as error:
            raise FatalError(
                ErrorCode.SETTINGS_WRONG, f"JWT_KEY is no key for JWT_ALGORITHM={rules.algorithm}"
            ) from error
        if weakness:
            raise FatalError(ErrorCode.SETTINGS_WRONG, f"JWT_KEY is too short for JWT_ALGORITHM={rules.algorithm}")

    def caller(self, credential: bytes) -> Caller | None:
        """Whoever holds this token; None when it is none, or not good here."""
        if len(credential) > _LONGEST_BYTES:
            return None
        try:
            claims = jwt.decode(
                credential,
                self._rules.key,
                algorithms=[self._rules.algorithm],
                audience=self._rules.audience,
                issuer=self._rules.issuer,
                leeway=_LEEWAY_S,
                options={"require": ["exp", "aud", "iss"]},
            )
        # Not JSON, not base64, not signed, too old: all the same to the caller. A token that is valid JSON with
        # absurd values makes the library raise these two as well.
        except (jwt.PyJWTError, ValueError, TypeError):
            return None
        tenant = claims.get(self._rules.tenant_claim)
        if not isinstance(tenant, str) or not is_tenant(tenant):
            return None
        subject = str(claims.get("sub") or tenant)[:_SUBJECT_CHARACTERS]
        return Caller(tenant, f"token:{tenant}:{subject}", _scopes(claims.get("scope")))


def tokens_of(settings: Settings) -> Tokens | None:
    """The check that the operator configured; None where there is none.

    Raises:
        FatalError: ``settings_wrong``.
    """
    if settings.jwt_key is None:
        return None
    return Tokens(
        TokenRules(
            key=settings.jwt_key.get_secret_value(),
            algorithm=settings.jwt_algorithm,
            audience=settings.jwt_audience,
            issuer=settings.jwt_issuer,
            tenant_claim=settings.jwt_tenant_claim,
        )
    )


def _scopes(claim: object) -> frozenset[Scope]:
    """Scopes of the ``scope`` claim (RFC 8693, 4.2); a token without the claim has the usual ones."""
    if claim is None:
        return frozenset(USUAL_SCOPES)
    words = claim.split() if isinstance(claim, str) else []
    return frozenset(Scope(word) for word in words if word in list(Scope))
