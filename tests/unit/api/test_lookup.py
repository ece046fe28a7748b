"""Lookup: states, progress and warnings as a client sees them."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from api.services.deadline import PunctualLedger
from api.services.lookup import JobStatus, Lookup
from api.services.pools import PoolWatch
from stenopool.errors import ErrorCode, FatalError, TransientError
from stenopool.ledger import operations as op
from stenopool.ledger.call import Call
from stenopool.ledger.model import PoolView, RunState
from stenopool.media.local_store import LocalStore
from tests.unit.api.fake_ledger import SERVED, FakeLedger, viewed

NOBODY = PoolView(identity=SERVED.identity, live_workers=0, waiting=1, open=1, waiting_s=8.0)


def lookup(ledger: FakeLedger, data_dir: Path) -> Lookup:
    return Lookup(ledger, LocalStore(data_dir / "store"), PoolWatch(ledger))


def status(data_dir: Path, pool_view: object = SERVED, **job: Any) -> JobStatus:
    ledger = FakeLedger(view=viewed(**job), pool_view=pool_view)
    return asyncio.run(lookup(ledger, data_dir).status("0" * 32, "default"))


@pytest.mark.parametrize(
    ("job", "progress"),
    [
        ({}, 0.0),
        ({"state": RunState.PROCESSING, "audio_s": 8.0, "done_s": 2.0}, 0.25),
        ({"state": RunState.PROCESSING, "audio_s": 8.0, "done_s": 8.0}, 0.99),
        ({"state": RunState.PROCESSING, "audio_s": 0.0}, 0.0),
        ({"state": RunState.COMPLETED, "audio_s": 8.0, "done_s": 7.9}, 1.0),
        ({"state": RunState.FAILED, "audio_s": 8.0, "done_s": 8.0, "reason": "no_audio"}, 0.99),
    ],
)
def test_progress_is_the_share_of_audio_done_and_one_only_when_completed(
    data_dir: Path, job: dict[str, Any], progress: float
) -> None:
    assert status(data_dir, **job).progress == progress


def test_a_job_that_nobody_serves_says_so(data_dir: Path) -> None:
    assert status(data_dir, NOBODY, stage="span", state=RunState.PROCESSING).warnings == (
        "no worker is serving this model at the moment",
    )


def test_a_job_that_waits_for_prepare_misses_a_prepare_worker_too(data_dir: Path) -> None:
    assert status(data_dir, [SERVED, NOBODY]).warnings == ("no prepare worker is running at the moment",)


def test_an_ended_job_warns_of_nothing(data_dir: Path) -> None:
    assert status(data_dir, NOBODY, state=RunState.COMPLETED).warnings == ()


def test_a_failed_job_carries_its_reason(data_dir: Path) -> None:
    failed = status(data_dir, state=RunState.FAILED, reason="audio_too_long")
    assert failed.reason is not None
    assert failed.reason.code == "audio_too_long"
    assert failed.message == failed.reason.message


def test_a_transcript_that_is_not_found_is_trouble_of_the_store(data_dir: Path) -> None:
    ledger = FakeLedger(view=viewed(state=RunState.COMPLETED, transcript_key="transcripts/gone.json"))
    with pytest.raises(TransientError) as caught:
        asyncio.run(lookup(ledger, data_dir).transcript("0" * 32, "default"))
    assert caught.value.code is ErrorCode.STORE_UNAVAILABLE


def test_a_transcript_that_is_none_is_our_fault(data_dir: Path) -> None:
    LocalStore(data_dir / "store").put("transcripts/bad.json", b"{}")
    ledger = FakeLedger(view=viewed(state=RunState.COMPLETED, transcript_key="transcripts/bad.json"))
    with pytest.raises(FatalError):
        asyncio.run(lookup(ledger, data_dir).transcript("0" * 32, "default"))


def test_a_pool_is_asked_once_a_second_however_many_look() -> None:
    now = [100.0]
    ledger = FakeLedger()
    pools = PoolWatch(ledger, lambda: now[0])

    async def look(times: int) -> int:
        for _ in range(times):
            await pools.view("prepare")
        return len(ledger.calls["pool_view"])

    assert asyncio.run(look(5)) == 1
    now[0] += 1.1
    assert asyncio.run(look(5)) == 2


def test_a_ledger_that_hangs_is_given_up() -> None:
    class Hanging:
        async def do(self, call: Call[Any]) -> Any:
            await asyncio.Event().wait()

    with pytest.raises(TransientError) as caught:
        asyncio.run(PunctualLedger(Hanging(), 0.05).do(op.read_epoch()))
    assert caught.value.code is ErrorCode.LEDGER_UNAVAILABLE
