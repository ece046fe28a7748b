"""Retries in orders of events that a real ledger is hard to bring to: the manifest tells the truth after each."""

import asyncio
from pathlib import Path

import pytest

from api.services.lookup import Lookup
from api.services.pools import PoolWatch
from api.services.retries import Retries
from api.services.submission_rules import SubmissionRules
from stenopool.clock import from_ms, utc_now
from stenopool.errors import ErrorCode, StenopoolError, TransientError
from stenopool.ledger.model import Retried, RetryOutcome, RunState, Viewed
from stenopool.media.local_store import LocalStore
from stenopool.media.manifest import Ending, Manifest, read_manifest
from stenopool.media.store import manifest_key
from stenopool.transcripts.options import Options
from tests.unit.api.fake_ledger import IDENTITY, FakeLedger, viewed

JOB, FIRST_RUN, OTHER_RUN, MEDIA = "0" * 32, "1" * 32, "e" * 32, "media/" + "f" * 32
FAILED = viewed(state=RunState.FAILED, transcription_id=FIRST_RUN)
RULES = SubmissionRules("faster-whisper", ("demo",), max_queued_jobs=10, max_jobs_per_transcription=5)


class Case:
    """A failed job in a real store, and a scripted ledger."""

    def __init__(self, data_dir: Path, ledger: FakeLedger) -> None:
        self.store = LocalStore(data_dir / "store")
        self.ledger = ledger
        assert FAILED.job is not None
        self._key = manifest_key(from_ms(FAILED.job.created_ms).date(), JOB)
        self.before = Manifest(
            job_id=JOB,
            tenant="default",
            name="talk.wav",
            digest="2" * 64,
            transcription_id=FIRST_RUN,
            media_key=MEDIA,
            pool="recognise.faster-whisper.demo",
            identity=IDENTITY.canonical(),
            options=Options().canonical(),
            fingerprint="a" * 64,
            size_bytes=4,
            request_hash="h",
            submitted_at=from_ms(FAILED.job.created_ms),
            ending=Ending(state="failed", at=utc_now(), code="engine_failed"),
        )
        self.store.put(MEDIA, b"RIFF")
        self.store.replace(self._key, self.before.to_bytes())

    @property
    def manifest(self) -> Manifest:
        return read_manifest(self.store.get(self._key))

    def retry(self) -> RunState:
        pools = PoolWatch(self.ledger)
        lookup = Lookup(self.ledger, self.store, pools)
        return asyncio.run(Retries(self.ledger, self.store, lookup, pools, RULES).retry(JOB, "default")).state

    def refused(self) -> ErrorCode:
        with pytest.raises(StenopoolError) as caught:
            self.retry()
        return caught.value.code


def test_somebody_elses_retry_that_came_first_stays_in_the_manifest(data_dir: Path) -> None:
    goes_on = viewed(state=RunState.QUEUED, transcription_id=OTHER_RUN)
    answer = Retried(RetryOutcome.REFUSED_STATE, OTHER_RUN, state=RunState.QUEUED, run_number=4)
    case = Case(data_dir, FakeLedger(view=[FAILED, goes_on], retry=answer))
    assert case.refused() is ErrorCode.NOT_RETRYABLE
    assert (case.manifest.transcription_id, case.manifest.ending) == (OTHER_RUN, None)
    assert case.manifest.run_number == 4


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (RetryOutcome.REFUSED_BACKLOG, ErrorCode.QUEUE_FULL),
        (RetryOutcome.REFUSED_JOINS, ErrorCode.TOO_MANY_JOINED),
        (RetryOutcome.NEED_MEDIA, ErrorCode.INPUT_MISSING),
    ],
)
def test_a_refusal_leaves_the_manifest_as_it_was(data_dir: Path, outcome: RetryOutcome, code: ErrorCode) -> None:
    case = Case(data_dir, FakeLedger(view=FAILED, retry=Retried(outcome, OTHER_RUN)))
    assert case.refused() is code
    assert case.manifest == case.before


@pytest.mark.parametrize("is_lost", [True, False])
def test_a_job_that_was_deleted_meanwhile_is_not_brought_back(data_dir: Path, *, is_lost: bool) -> None:
    """But one that a restarted Redis does not know yet keeps its manifest."""
    views = [FAILED, Viewed(None, ledger_lost=is_lost)]
    case = Case(data_dir, FakeLedger(view=views, retry=Retried(RetryOutcome.UNKNOWN, OTHER_RUN)))
    assert case.refused() is ErrorCode.UNKNOWN_JOB
    if is_lost:
        assert case.manifest == case.before
    else:
        assert not list(case.store.keys("manifests/"))


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (TransientError(ErrorCode.LEDGER_UNAVAILABLE, "the ledger does not answer"), ErrorCode.LEDGER_UNAVAILABLE),
        (Retried(RetryOutcome.LEDGER_LOST, OTHER_RUN), ErrorCode.LEDGER_LOST),
    ],
)
def test_an_answer_that_says_nothing_leaves_the_job_ready_to_go_on(
    data_dir: Path, answer: object, code: ErrorCode
) -> None:
    case = Case(data_dir, FakeLedger(view=FAILED, retry=answer))
    assert case.refused() is code
    assert case.manifest.ending is None


def test_the_manifest_says_that_the_job_goes_on_before_the_script_runs(data_dir: Path) -> None:
    seen: list[Manifest] = []

    def look(given: dict[str, str]) -> Retried:
        seen.append(case.manifest)
        return Retried(RetryOutcome.CREATED, given["transcription_id"], given["media_key"], run_number=2)

    case = Case(data_dir, FakeLedger(view=FAILED, retry=look))
    assert case.retry() is RunState.QUEUED
    assert seen == [case.manifest]
    assert (seen[0].ending, seen[0].media_key) == (None, MEDIA)
    assert seen[0].transcription_id not in (FIRST_RUN, OTHER_RUN)
    assert (case.before.run_number, seen[0].run_number) == (1, 2)


def test_a_run_that_is_joined_is_named_with_its_media(data_dir: Path) -> None:
    answer = Retried(RetryOutcome.JOINED, OTHER_RUN, "media/" + "d" * 32, run_number=7)
    case = Case(data_dir, FakeLedger(view=FAILED, retry=answer))
    case.retry()
    assert (case.manifest.transcription_id, case.manifest.media_key) == (OTHER_RUN, "media/" + "d" * 32)
    assert case.manifest.run_number == 7
