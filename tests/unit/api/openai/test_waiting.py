"""Waiting: ends with the job, with the limit or with a long outage, and leaves the caller time to hear the answer."""

import asyncio
from pathlib import Path

import pytest

from api.services.lookup import Lookup
from api.services.openai.waiting import PolledWaiting, limit_of
from api.services.pools import PoolWatch
from stenopool.errors import ErrorCode, TransientError, UsageError
from stenopool.ledger.model import JobView, RunState, Viewed
from stenopool.media.local_store import LocalStore
from tests.unit.api.fake_ledger import FakeLedger, viewed

AWAY = TransientError(ErrorCode.LEDGER_UNAVAILABLE, "away")


def wait(ledger: FakeLedger, data_dir: Path, limit_s: float = 5.0, trouble_s: float = 5.0) -> JobView | None:
    lookup = Lookup(ledger, LocalStore(data_dir / "store"), PoolWatch(ledger))
    waiting = PolledWaiting(lookup, first_look_s=0.001, trouble_s=trouble_s)
    return asyncio.run(waiting.ended("0" * 32, "default", limit_s))


@pytest.mark.parametrize("state", [RunState.COMPLETED, RunState.FAILED, RunState.CANCELLED])
def test_it_ends_with_the_job(data_dir: Path, state: RunState) -> None:
    job = wait(FakeLedger(view=[viewed(), viewed(state=RunState.PROCESSING), viewed(state=state)]), data_dir)
    assert job is not None
    assert job.state is state


def test_it_ends_with_its_limit(data_dir: Path) -> None:
    assert wait(FakeLedger(view=viewed()), data_dir, limit_s=0.01) is None


def test_looks_become_rarer(data_dir: Path) -> None:
    ledger = FakeLedger(view=viewed())
    wait(ledger, data_dir, limit_s=0.2)
    # 1 ms, 1.5 ms, 2.25 ms, …: after n looks 2 * (1.5**n - 1) ms have gone by, so 12 looks fill 0.2 s.
    assert 3 <= len(ledger.calls["view"]) <= 14


def test_a_short_outage_is_waited_out(data_dir: Path) -> None:
    assert wait(FakeLedger(view=[viewed(), AWAY, AWAY, viewed(state=RunState.COMPLETED)]), data_dir) is not None


def test_a_long_outage_is_told(data_dir: Path) -> None:
    with pytest.raises(TransientError):
        wait(FakeLedger(view=AWAY), data_dir, trouble_s=0.01)


def test_a_job_that_is_gone_is_told_at_once(data_dir: Path) -> None:
    with pytest.raises(UsageError) as caught:
        wait(FakeLedger(view=Viewed(None, ledger_lost=False)), data_dir)
    assert caught.value.code is ErrorCode.UNKNOWN_JOB


@pytest.mark.parametrize(
    ("told", "limit_s"),
    [(None, 600), ("600", 590), ("600.0", 590), ("60", 54), ("10000", 600), ("x", 600), ("nan", 600), ("-1", 600)],
)
def test_a_caller_that_tells_its_patience_is_answered_before_it_ends(told: str | None, limit_s: float) -> None:
    assert limit_of(600.0, told) == limit_s
