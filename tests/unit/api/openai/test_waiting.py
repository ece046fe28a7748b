"""Waiting: ends with the job, with the limit or with a long outage, and leaves the caller time to hear the answer."""

import asyncio
from pathlib import Path

import pytest

from api.services.job_watch import JobWatch
from api.services.lookup import Lookup
from api.services.openai.waiting import WatchedWaiting, limit_of
from api.services.pools import PoolWatch
from stenopool.errors import ErrorCode, TransientError, UsageError
from stenopool.ledger.model import JobView, Mark, RunState, Viewed
from stenopool.media.local_store import LocalStore
from tests.unit.api.fake_ledger import FakeLedger, viewed

AWAY = TransientError(ErrorCode.LEDGER_UNAVAILABLE, "away")


def wait(ledger: FakeLedger, data_dir: Path, limit_s: float = 5.0, trouble_s: float = 5.0) -> JobView | None:
    lookup = Lookup(ledger, LocalStore(data_dir / "store"), PoolWatch(ledger))
    waiting = WatchedWaiting(lookup, JobWatch(ledger, look_every_s=0.001), trouble_s)
    return asyncio.run(waiting.ended("0" * 32, "default", limit_s))


def mark(state: RunState = RunState.QUEUED) -> Mark:
    return Mark("0" * 32, "1" * 32, 1, state, None)


@pytest.mark.parametrize("state", [RunState.COMPLETED, RunState.FAILED, RunState.CANCELLED])
def test_it_ends_with_the_job(data_dir: Path, state: RunState) -> None:
    marks = [(mark(),), (mark(RunState.PROCESSING),), (mark(state),)]
    job = wait(FakeLedger(view=[viewed(), viewed(state=state)], marks=marks), data_dir)
    assert job is not None
    assert job.state is state


def test_it_ends_with_its_limit(data_dir: Path) -> None:
    assert wait(FakeLedger(view=viewed(), marks=(mark(),)), data_dir, limit_s=0.01) is None


def test_the_job_itself_is_looked_at_twice_however_long_it_takes(data_dir: Path) -> None:
    marks = [*[(mark(),)] * 50, (mark(RunState.COMPLETED),)]
    ledger = FakeLedger(view=[viewed(), viewed(state=RunState.COMPLETED)], marks=marks)
    assert wait(ledger, data_dir) is not None
    assert len(ledger.calls["view"]) == 2


def test_a_short_outage_is_waited_out(data_dir: Path) -> None:
    ledger = FakeLedger(
        view=[viewed(), AWAY, viewed(state=RunState.COMPLETED)], marks=[AWAY, AWAY, (mark(RunState.COMPLETED),)]
    )
    assert wait(ledger, data_dir) is not None


def test_a_long_outage_is_told(data_dir: Path) -> None:
    with pytest.raises(TransientError):
        wait(FakeLedger(view=AWAY, marks=AWAY), data_dir, trouble_s=0.01)


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
