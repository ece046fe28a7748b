"""Records of keys and tenants as they stand in the store; pure.

A record is versioned by ``v``. One of a newer release is refused, never half understood: a field that narrows what a
key may do must not be lost.
"""

import re
from enum import StrEnum
from typing import Final, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict

from stenopool.keys.limits import TenantLimits

R = TypeVar("R", "KeyRecord", "TenantRecord")

RECORD_VERSION: Final = 1

_TENANT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_RATE: Final = re.compile(r"[1-9][0-9]{0,4}/(second|minute|hour|day)")

DEFAULT_TENANT: Final = "default"
"""Tenant of the bootstrap key, and of the operator's own machine as long as there are no keys."""

ANONYMOUS_TENANT: Final = "anonymous"
"""All strangers of an installation that serves strangers. They share it, so it has no list of jobs."""


class Scope(StrEnum):
    """What a caller may do."""

    SUBMIT = "submit"
    READ = "read"
    CANCEL = "cancel"
    OPERATE = "operate"
    """Look at the platform itself: workers, queues, metrics."""


USUAL_SCOPES: Final = (Scope.SUBMIT, Scope.READ, Scope.CANCEL)
"""Of a key or token that does not say."""


class KeyRecord(BaseModel):
    """One key. The key itself is nowhere, only its SHA-256; 256 random bits need no slower hash."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    v: int = RECORD_VERSION
    key_id: str
    """The public part of the key, by which it is found."""
    digest: str
    """SHA-256 of the whole key, hex."""
    tenant: str
    scopes: tuple[Scope, ...]
    rate: str | None = None
    """Submissions, as in ``100/minute``; None: as the operator set for all."""
    signing_secret: str | None = None
    """Set: every request must be signed with it. Not the key, so that a key read off the wire signs nothing."""
    created_at: AwareDatetime
    expires_at: AwareDatetime | None = None
    revoked_at: AwareDatetime | None = None

    def to_bytes(self) -> bytes:
        """JSON as it stands in the store."""
        return self.model_dump_json(exclude_none=True).encode()


class WebhookSecret(BaseModel):
    """One secret that signs a tenant's webhooks, as Standard Webhooks writes it: ``whsec_`` and base64."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    secret: str
    created_at: AwareDatetime
    expires_at: AwareDatetime | None = None
    """When a rotated one stops signing; None for the newest."""


class TenantRecord(BaseModel):
    """One tenant."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    v: int = RECORD_VERSION
    tenant: str
    created_at: AwareDatetime
    webhook_secrets: tuple[WebhookSecret, ...]
    """Newest first."""
    limits: TenantLimits = TenantLimits()
    """Where the tenant may have other than all."""

    def to_bytes(self) -> bytes:
        """JSON as it stands in the store."""
        return self.model_dump_json(exclude_none=True).encode()


def read_key(body: bytes | str) -> KeyRecord:
    """A key's record back. Raises ``ValueError`` when it is none, or one of a newer release."""
    return _known(KeyRecord.model_validate_json(body))


def read_tenant(body: bytes | str) -> TenantRecord:
    """A tenant's record back. Raises ``ValueError`` when it is none, or one of a newer release."""
    return _known(TenantRecord.model_validate_json(body))


def is_tenant(name: str) -> bool:
    """Whether ``name`` may be a tenant's: 1 to 64 letters, digits, ``. _ @ -``; the strangers' name is taken."""
    return _TENANT.fullmatch(name) is not None and name != ANONYMOUS_TENANT


def is_rate(text: str) -> bool:
    """Whether ``text`` is a rate, ``<count>/second``, ``/minute``, ``/hour`` or ``/day``."""
    return _RATE.fullmatch(text) is not None


def _known(record: R) -> R:
    if record.v > RECORD_VERSION:
        raise ValueError(f"a record of version {record.v}: this release knows {RECORD_VERSION}")
    return record
