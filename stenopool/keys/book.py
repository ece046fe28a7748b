"""The book of keys and tenants, in the store: the truth about who may call.

``keys/closed`` is written before the first key and never removed: from then on nobody is served without a credential,
whatever becomes of the keys.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from stenopool.errors import ErrorCode, FatalError, UsageError
from stenopool.keys.format import digest_of, mint_key, mint_signing_secret, mint_webhook_secret
from stenopool.keys.limits import TenantLimits
from stenopool.keys.model import (
    KeyRecord,
    Scope,
    TenantRecord,
    WebhookSecret,
    is_rate,
    is_tenant,
    read_key,
    read_tenant,
)
from stenopool.media.store import Store

_CLOSED: Final = "keys/closed"
_API_KEYS: Final = "keys/api/"
_TENANTS: Final = "keys/tenants/"


@dataclass(frozen=True, slots=True)
class KeyWish:
    """What a new key shall be."""

    tenant: str
    scopes: tuple[Scope, ...]
    expires_at: datetime | None = None
    rate: str | None = None
    is_signing: bool = False
    """Whether its requests must be signed."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made. ``text`` is the key: shown once, kept nowhere."""

    text: str
    record: KeyRecord


class KeyBook:
    """Keys and tenants. Blocks; every call may raise ``TransientError``: ``store_unavailable`` or ``disk_full``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create(self, wish: KeyWish, now: datetime) -> NewKey:
        """Makes a key, its tenant too where it is new; durable on return. The door is closed from here on.

        Raises:
            UsageError: ``invalid_option`` for a tenant, rate, scopes or end that cannot be.
        """
        _require_possible(wish, now)
        self.close()
        self.ensure_tenant(wish.tenant, now)
        text, key_id = mint_key()
        record = KeyRecord(
            key_id=key_id,
            digest=digest_of(text.encode()),
            tenant=wish.tenant,
            scopes=tuple(sorted(set(wish.scopes))),
            rate=wish.rate,
            signing_secret=mint_signing_secret() if wish.is_signing else None,
            created_at=now,
            expires_at=wish.expires_at,
        )
        if not self._store.put(_key_of(key_id), record.to_bytes()):
            raise FatalError(ErrorCode.INTERNAL_ERROR, "a key with this id exists: make another")
        return NewKey(text, record)

    def revoke(self, key_id: str, now: datetime) -> KeyRecord:
        """Ends a key for good; repeating it changes nothing.

        Raises:
            UsageError: ``not_found``.
        """
        record = self.get(key_id)
        if record is None:
            raise UsageError(ErrorCode.NOT_FOUND, "there is no key with this id", "stenopool keys list names them")
        if record.revoked_at is None:
            record = record.model_copy(update={"revoked_at": now})
            self._store.replace(_key_of(key_id), record.to_bytes())
        return record

    def get(self, key_id: str) -> KeyRecord | None:
        """A key's record, ended ones too; ``key_id`` is as ``format.key_id_of`` gives it.

        Raises:
            ValueError: the record is of a newer release, or damaged.
        """
        if not (key_id.isascii() and key_id.isalnum()):
            return None
        try:
            return read_key(self._store.get(_key_of(key_id)))
        except KeyError:
            return None

    def records(self) -> tuple[KeyRecord, ...]:
        """All keys, oldest first. Raises ``ValueError`` as ``get``."""
        found = [read_key(self._store.get(key)) for key in self._store.keys(_API_KEYS)]
        return tuple(sorted(found, key=lambda record: (record.created_at, record.key_id)))

    def close(self) -> None:
        """From now on nobody is served without a credential."""
        if not self.is_closed():
            self._store.put(_CLOSED, b"a key has existed\n")

    def is_closed(self) -> bool:
        """Whether a credential has ever been asked for."""
        return self._store.exists(_CLOSED)

    def tenant(self, name: str) -> TenantRecord | None:
        """A tenant's record. Raises ``ValueError`` as ``get``."""
        try:
            return read_tenant(self._store.get(_tenant_key(name)))
        except KeyError:
            return None

    def ensure_tenant(self, name: str, now: datetime) -> TenantRecord:
        """The tenant's record, made with a webhook secret where there is none; of two makers one wins."""
        known = self.tenant(name)
        if known is not None:
            return known
        secret = WebhookSecret(secret=mint_webhook_secret(), created_at=now)
        made = TenantRecord(tenant=name, created_at=now, webhook_secrets=(secret,))
        if self._store.put(_tenant_key(name), made.to_bytes()):
            return made
        return read_tenant(self._store.get(_tenant_key(name)))

    def rotate_webhook_secret(self, name: str, now: datetime, overlap: timedelta) -> TenantRecord:
        """A new webhook secret; the one before signs beside it until ``overlap`` is over, older ones are dropped."""
        known = self.ensure_tenant(name, now)
        last = known.webhook_secrets[0].model_copy(update={"expires_at": now + overlap})
        fresh = WebhookSecret(secret=mint_webhook_secret(), created_at=now)
        rotated = known.model_copy(update={"webhook_secrets": (fresh, last)})
        self._store.replace(_tenant_key(name), rotated.to_bytes())
        return rotated

    def set_limits(self, name: str, limits: TenantLimits, now: datetime) -> TenantRecord:
        """Gives a tenant limits of its own in place of all it had; in force within half a minute.

        Raises:
            UsageError: ``invalid_option`` for what cannot be a tenant's name.
        """
        _require_tenant(name)
        changed = self.ensure_tenant(name, now).model_copy(update={"limits": limits})
        self._store.replace(_tenant_key(name), changed.to_bytes())
        return changed

    def tenants(self) -> tuple[TenantRecord, ...]:
        """All tenants that have a record, by name. Raises ``ValueError`` as ``get``."""
        found = [read_tenant(self._store.get(key)) for key in self._store.keys(_TENANTS)]
        return tuple(sorted(found, key=lambda record: record.tenant))

    def webhook_secrets(self, name: str, now: datetime) -> tuple[str, ...]:
        """The secrets that sign a tenant's webhooks now, newest first: one, two during a rotation."""
        record = self.ensure_tenant(name, now)
        return tuple(
            secret.secret for secret in record.webhook_secrets if secret.expires_at is None or now < secret.expires_at
        )


def _key_of(key_id: str) -> str:
    return f"{_API_KEYS}{key_id}.json"


def _tenant_key(name: str) -> str:
    # A name from outside never becomes part of a store key.
    return f"{_TENANTS}{hashlib.sha256(name.encode()).hexdigest()}.json"


def _require_tenant(name: str) -> None:
    if not is_tenant(name):
        raise UsageError(
            ErrorCode.INVALID_OPTION,
            "this cannot be a tenant's name",
            "1 to 64 letters, digits, . _ @ -, and not 'anonymous'",
        )


def _require_possible(wish: KeyWish, now: datetime) -> None:
    def refuse(message: str, hint: str) -> UsageError:
        return UsageError(ErrorCode.INVALID_OPTION, message, hint)

    _require_tenant(wish.tenant)
    if not wish.scopes:
        raise refuse("a key needs a scope", f"scopes are {', '.join(Scope)}")
    if wish.rate is not None and not is_rate(wish.rate):
        raise refuse("this is no rate", "for instance 100/minute; second, minute, hour or day")
    if wish.expires_at is not None and wish.expires_at <= now:
        raise refuse("the key would have ended before it began", "give a later --expires")
