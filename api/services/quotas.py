"""What each tenant may have, and how it is told that it has it already."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import anyio.to_thread

from stenopool.clock import utc_now
from stenopool.errors import ErrorCode, StenopoolError, TransientError, UsageError
from stenopool.keys.book import KeyBook
from stenopool.keys.limits import TenantLimits
from stenopool.ledger.model import NO_QUOTAS, Quotas, RetryOutcome, SubmitOutcome
from stenopool.logs import get_logger
from stenopool.settings import Settings

_FRESH_S: Final = 30.0
"""A change of the operator's is in force after so long, in every process."""

_KEPT: Final = 10_000
"""Tenants remembered; beyond it all are forgotten and read again."""

_DAY_S: Final = 24 * 3600

_log = get_logger(__name__)


class QuotaSource(Protocol):
    """Says what a tenant may have."""

    async def of(self, tenant: str) -> Quotas:
        """The tenant's quotas. Never raises: what cannot be read is as the operator set it for all."""
        ...


class Unlimited:
    """Everybody may have everything."""

    async def of(self, tenant: str) -> Quotas:  # noqa: ARG002 - whoever it is.
        """No quotas."""
        return NO_QUOTAS


UNLIMITED: Final = Unlimited()


class TenantQuotas:
    """The operator's settings, but for tenants that have limits of their own in the book."""

    def __init__(self, book: KeyBook, common: TenantLimits, clock: Callable[[], float] = time.monotonic) -> None:
        self._book = book
        self._common = common
        self._clock = clock
        self._known: dict[str, tuple[float, Quotas]] = {}

    async def of(self, tenant: str) -> Quotas:
        """As ``QuotaSource``; at most half a minute old. Reads the store at most that often."""
        known = self._known.get(tenant)
        if known is not None and self._clock() - known[0] < _FRESH_S:
            return known[1]
        quotas = quotas_of(await anyio.to_thread.run_sync(self._limits, tenant))
        if len(self._known) >= _KEPT:
            self._known.clear()
        self._known[tenant] = (self._clock(), quotas)
        return quotas

    def _limits(self, tenant: str) -> TenantLimits:
        try:
            record = self._book.tenant(tenant)
        except (StenopoolError, ValueError) as error:
            # Whoever cannot be looked up is no worse off than most, and no better.
            _log.warning("limits_not_read", error=type(error).__name__)
            return self._common
        return self._common if record is None else record.limits.over(self._common)


@dataclass(frozen=True, slots=True)
class QuotaWish:
    """What was refused."""

    quotas: Quotas
    estimated_s: float


def common_limits(settings: Settings) -> TenantLimits:
    """What the operator set for all."""
    return TenantLimits(
        active_jobs=settings.tenant_max_active_jobs,
        audio_minutes_per_day=settings.tenant_audio_minutes_per_day,
        stored_mb=settings.tenant_max_stored_mb,
    )


def quotas_of(limits: TenantLimits) -> Quotas:
    """The operator's words in the ledger's units; what is not told is no limit."""
    return Quotas(
        open_jobs=limits.active_jobs or 0,
        audio_ms=(limits.audio_minutes_per_day or 0) * 60_000,
        stored_bytes=(limits.stored_mb or 0) * 1024 * 1024,
    )


def quota_refusal(outcome: SubmitOutcome | RetryOutcome, wish: QuotaWish) -> StenopoolError | None:
    """The error of a refusal by quota; None for every other outcome."""
    match outcome.value:
        case SubmitOutcome.REFUSED_OPEN_JOBS:
            return TransientError(
                ErrorCode.QUOTA_ACTIVE_JOBS,
                f"you have {wish.quotas.open_jobs} jobs that have not ended, and may have no more",
                "wait until one has ended, or cancel one",
                retry_after_s=30,
            )
        case SubmitOutcome.REFUSED_AUDIO:
            return _audio_refusal(wish)
        case SubmitOutcome.REFUSED_STORED:
            return UsageError(
                ErrorCode.QUOTA_STORED,
                f"your stored recordings would take more than {wish.quotas.stored_bytes // 2**20} MiB",
                "delete jobs you do not need any more, or wait until their recordings are cleared away",
            )
        case _:
            return None


def _audio_refusal(wish: QuotaWish) -> StenopoolError:
    minutes = wish.quotas.audio_ms // 60_000
    if wish.estimated_s * 1000 > wish.quotas.audio_ms:
        return UsageError(
            ErrorCode.QUOTA_AUDIO,
            f"the recording is longer than the {minutes} min of audio you may have transcribed in a day",
            "split the recording, or ask the operator for more",
        )
    return TransientError(
        ErrorCode.QUOTA_AUDIO,
        f"with this recording you would have more than {minutes} min of audio transcribed today",
        "submit it after midnight UTC",
        retry_after_s=_until_midnight_s(),
    )


def _until_midnight_s() -> int:
    return _DAY_S - int(utc_now().timestamp()) % _DAY_S
