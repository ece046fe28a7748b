"""What each tenant may have, and how one is told that has it already."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.services import quotas
from api.services.quotas import QuotaWish, TenantQuotas, quota_refusal
from stenopool.errors import ErrorCode, TransientError, UsageError
from stenopool.keys.book import KeyBook
from stenopool.keys.limits import TenantLimits
from stenopool.ledger.model import Quotas, RetryOutcome, SubmitOutcome
from stenopool.media.local_store import LocalStore

NOW = datetime(2026, 11, 25, 23, 59, 50, tzinfo=UTC)
COMMON = TenantLimits(active_jobs=5, audio_minutes_per_day=60, stored_mb=0)
WISH = QuotaWish(Quotas(open_jobs=5, audio_ms=3_600_000, stored_bytes=2**20), estimated_s=30.0)


class Case:
    """A book of tenants, and a clock that the test moves."""

    def __init__(self, data_dir: Path) -> None:
        self.store = LocalStore(data_dir / "store")
        self.book = KeyBook(self.store)
        self.now_s = 0.0
        self._quotas = TenantQuotas(self.book, COMMON, lambda: self.now_s)

    def of(self, tenant: str) -> Quotas:
        return asyncio.run(self._quotas.of(tenant))


@pytest.fixture
def case(data_dir: Path) -> Case:
    return Case(data_dir)


def test_a_tenant_without_limits_of_its_own_has_those_of_all(case: Case) -> None:
    case.book.ensure_tenant("ann", NOW)
    # 60 minutes are 3,600,000 ms; 0 MiB is no limit.
    assert case.of("ann") == case.of("nobody") == Quotas(open_jobs=5, audio_ms=3_600_000, stored_bytes=0)


def test_limits_of_a_tenant_stand_in_place_of_those_of_all_one_by_one(case: Case) -> None:
    case.book.set_limits("ann", TenantLimits(active_jobs=0, stored_mb=3), NOW)
    assert case.of("ann") == Quotas(open_jobs=0, audio_ms=3_600_000, stored_bytes=3 * 1024 * 1024)


def test_a_change_is_in_force_within_half_a_minute(case: Case) -> None:
    assert case.of("ann").open_jobs == 5
    case.book.set_limits("ann", TenantLimits(active_jobs=1), NOW)
    case.now_s = 29.9
    assert case.of("ann").open_jobs == 5
    case.now_s = 30.1
    assert case.of("ann").open_jobs == 1


def test_whoever_cannot_be_looked_up_has_the_limits_of_all(case: Case) -> None:
    case.book.ensure_tenant("ann", NOW)
    [record] = list(case.store.keys("keys/tenants/"))
    case.store.replace(record, b"no record")
    assert case.of("ann").open_jobs == 5


@pytest.mark.parametrize("outcomes", [SubmitOutcome, RetryOutcome])
def test_only_a_broken_quota_is_refused_as_one(outcomes: type[SubmitOutcome] | type[RetryOutcome]) -> None:
    codes = {outcome.value: quota_refusal(outcome, WISH) for outcome in outcomes}
    refused = {name: error.code for name, error in codes.items() if error is not None}
    stored = {"refused_stored": ErrorCode.QUOTA_STORED} if outcomes is SubmitOutcome else {}
    assert refused == {
        "refused_open_jobs": ErrorCode.QUOTA_ACTIVE_JOBS,
        "refused_audio": ErrorCode.QUOTA_AUDIO,
        **stored,
    }


def test_audio_comes_back_at_midnight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quotas, "utc_now", lambda: NOW)
    error = quota_refusal(SubmitOutcome.REFUSED_AUDIO, WISH)
    assert isinstance(error, TransientError)
    assert error.retry_after_s == 10


def test_a_recording_longer_than_a_day_allows_is_not_asked_for_again() -> None:
    error = quota_refusal(SubmitOutcome.REFUSED_AUDIO, QuotaWish(WISH.quotas, estimated_s=3600.001))
    assert isinstance(error, UsageError)
