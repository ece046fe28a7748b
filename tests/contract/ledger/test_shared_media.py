"""Media that several runs name, because jobs of one failed run were tried again one after the other, stay for all of them."""

from dataclasses import replace

from stenopool.ledger import keys, removal
from stenopool.ledger import operations as op
from stenopool.ledger.model import Blame, Keeping, RetryOutcome, Submission
from tests.contract.ledger.bench import Bench

DIGEST = "d" * 64
OF_NEW_WEIGHTS = "e" * 64
"""Of the same recording, when the workers serve another model than before."""
MEDIA = "media/0"
DAY_MS = 24 * 3600 * 1000
KEEP = Keeping(30 * DAY_MS, media_ms=0, failed_media_ms=3 * DAY_MS)


def two_jobs_failed(bench: Bench) -> tuple[Submission, Submission]:
    """The jobs of one run that failed."""
    first, second = (replace(bench.submission(DIGEST), media_key=MEDIA, size_bytes=7, keep=KEEP) for _ in range(2))
    for job in (first, second):
        bench.do(op.submit(job))
    fail(bench)
    return first, second


def fail(bench: Bench) -> None:
    bench.do(op.fail(bench.begin().claim_id, "engine_failed", Blame.INPUT))


def retry(bench: Bench, job: Submission, digest: str = DIGEST) -> str:
    """The run on which the job goes on."""
    again = replace(job, transcription_id=bench.fresh("again"), digest=digest)
    assert bench.do(op.retry(again)).outcome is RetryOutcome.CREATED
    return again.transcription_id


def due_in_ms(bench: Bench) -> float:
    score = bench.client.zscore(keys.DUE, MEDIA)
    assert score is not None
    return float(score) - bench.now


def test_what_a_deleted_job_names_stays_for_the_live_run_of_another(bench: Bench) -> None:
    first, second = two_jobs_failed(bench)
    retry(bench, first)
    retry(bench, second, OF_NEW_WEIGHTS)
    assert MEDIA not in bench.do(removal.forget(first.job_id, "ann")).members
    assert due_in_ms(bench) == float("inf")


def test_a_run_that_ends_takes_nothing_from_another_that_lives(bench: Bench) -> None:
    first, second = two_jobs_failed(bench)
    retry(bench, first)
    retry(bench, second, OF_NEW_WEIGHTS)
    fail(bench)
    assert due_in_ms(bench) == float("inf")
    fail(bench)
    assert due_in_ms(bench) == 3 * DAY_MS


def test_media_of_failed_runs_go_with_the_last_job_of_all_of_them(bench: Bench) -> None:
    first, second = two_jobs_failed(bench)
    for job in (first, second):
        retry(bench, job)
        fail(bench)
    assert MEDIA not in bench.do(removal.forget(first.job_id, "ann")).members
    assert due_in_ms(bench) == 3 * DAY_MS
    assert MEDIA in bench.do(removal.forget(second.job_id, "ann")).members


def test_a_job_that_was_not_tried_again_keeps_its_recording_when_its_companion_is_deleted(bench: Bench) -> None:
    first, second = two_jobs_failed(bench)
    retry(bench, first)
    fail(bench)
    bench.do(removal.forget(first.job_id, "ann"))
    retry(bench, second)


def test_however_many_name_them_media_are_counted_once(bench: Bench) -> None:
    first, second = two_jobs_failed(bench)
    retry(bench, first)
    retry(bench, second, OF_NEW_WEIGHTS)
    assert bench.client.hget(keys.USE, "stored_bytes:ann") == "7"
    assert bench.do(op.recount_use()).wrong == 0
