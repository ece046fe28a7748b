"""The order to stop: nothing new is begun, nobody is kept waiting."""

import asyncio
from pathlib import Path

import pytest

from api.services.job_watch import JobWatch
from api.services.pools import PoolWatch
from api.services.stopping import Stopping
from api.services.submission import Submissions
from api.services.submission_rules import SubmissionRules
from stenopool.errors import ErrorCode, TransientError
from stenopool.media.local_store import LocalStore
from tests.unit.api.fake_ledger import FakeLedger

RULES = SubmissionRules("faster-whisper", ("demo",), max_queued_jobs=10, max_jobs_per_transcription=5)


def test_no_upload_is_begun_by_a_process_that_stops(tmp_path: Path) -> None:
    ledger, stopping = FakeLedger(), Stopping()
    submissions = Submissions(ledger, LocalStore(tmp_path), PoolWatch(ledger), RULES, stopping=stopping)
    stopping.ask()
    with pytest.raises(TransientError) as refusal:
        asyncio.run(submissions.require_open())
    assert refusal.value.code is ErrorCode.SHUTTING_DOWN


def test_whoever_waits_for_news_is_answered_and_nobody_waits_any_more() -> None:
    async def wait_and_stop() -> bool:
        watch = JobWatch(FakeLedger(marks=()), look_every_s=60)
        waiting = asyncio.create_task(watch.wait("a", lambda _mark: False, 60))
        await asyncio.sleep(0)
        watch.wake_all()
        await asyncio.wait_for(waiting, 5)
        is_full = watch.is_full
        await watch.close()
        return is_full

    assert asyncio.run(wait_and_stop())
