"""What a rebuild relies on: jobs come back as their manifests tell, in whatever order, and repeating it changes nothing."""

import itertools
from dataclasses import replace

import pytest

from stenopool.ledger import keys
from stenopool.ledger import operations as op
from stenopool.ledger.model import (
    Blame,
    CommitOutcome,
    JobView,
    Restoration,
    Restored,
    RestoredEnding,
    RestoreOutcome,
    RetryOutcome,
    RunState,
    SubmitOutcome,
)
from stenopool.queueing.names import BELL_PREFIX
from tests.contract.ledger.bench import IDENTITY, TIMING, Bench
from tests.contract.ledger.redis_content import read_content

DIGEST = "d" * 64
EARLIER_MS = 1_789_999_000_000
COMPLETED = RestoredEnding(
    RunState.COMPLETED, EARLIER_MS + 9, transcript_key="transcripts/old.json", identity=IDENTITY, audio_s=30.5
)
FAILED = RestoredEnding(RunState.FAILED, EARLIER_MS + 9, "engine_failed", "It broke.")
CANCELLED = RestoredEnding(RunState.CANCELLED, EARLIER_MS + 9)


def restoration(bench: Bench, job_id: str, run: str, ending: RestoredEnding | None) -> Restoration:
    submission = replace(bench.submission(DIGEST), job_id=job_id, transcription_id=run, submitted_ms=EARLIER_MS)
    return Restoration(submission, is_hit=False, ending=ending)


def restore(bench: Bench, job_id: str, run: str, ending: RestoredEnding | None) -> Restored:
    return bench.do(op.restore(restoration(bench, job_id, run, ending)))


def test_a_restored_job_waits_at_its_old_place_and_is_rung_for(bench: Bench) -> None:
    bench.submit()
    bench.client.delete(BELL_PREFIX + "prepare")
    restored = restore(bench, "old", "tr-old", None)
    assert restored.bells == {"prepare": 2}
    assert bench.claim().transcription_id == "tr-old"
    assert bench.view("old").created_ms == EARLIER_MS


def test_a_restored_failure_tells_its_reason(bench: Bench) -> None:
    restore(bench, "old", "tr-old", FAILED)
    view = bench.view("old")
    assert (view.state, view.reason, view.detail, view.ended_ms) == (
        RunState.FAILED,
        "engine_failed",
        "It broke.",
        FAILED.ended_ms,
    )
    assert bench.submit(DIGEST).outcome is SubmitOutcome.CREATED


def test_a_restored_transcript_answers_the_next_job_at_once(bench: Bench) -> None:
    restore(bench, "old", "tr-old", COMPLETED)
    view = bench.view("old")
    assert (view.state, view.transcript_key, view.audio_s) == (RunState.COMPLETED, "transcripts/old.json", 30.5)
    again = bench.submit(DIGEST)
    assert (again.outcome, again.transcription_id) == (SubmitOutcome.HIT, "tr-old")


def test_a_transcript_of_other_weights_answers_its_own_jobs_only(bench: Bench) -> None:
    restore(bench, "old", "tr-old", replace(COMPLETED, identity='{"engine":"other"}'))
    assert bench.view("old").identity == '{"engine":"other"}'
    assert bench.submit(DIGEST).outcome is SubmitOutcome.CREATED


@pytest.mark.parametrize("order", list(itertools.permutations(["open", "left", "joined"])))
def test_a_job_that_left_takes_no_companion_along(bench: Bench, order: tuple[str, ...]) -> None:
    for job_id in order:
        restore(bench, job_id, "tr-old", CANCELLED if job_id == "left" else None)
    assert bench.view("left").state is RunState.CANCELLED
    assert {live.job_id for live in bench.do(op.jobs_of("tr-old"))} == {"open", "joined"}
    bench.plan(bench.begin())
    following = bench.do(op.commit(bench.begin().claim_id, TIMING)).next
    assert following is not None
    bench.finish(following)
    assert [bench.view(job_id).state for job_id in ("open", "left", "joined")] == [
        RunState.COMPLETED,
        RunState.CANCELLED,
        RunState.COMPLETED,
    ]


@pytest.mark.parametrize("order", list(itertools.permutations(["failed", "unwritten", "left"])))
def test_a_run_that_failed_has_failed_for_all_its_jobs(bench: Bench, order: tuple[str, ...]) -> None:
    """The process that wrote the endings died half-way: one manifest says failed, another nothing."""
    endings = {"failed": FAILED, "unwritten": None, "left": CANCELLED}
    told = [run for job_id in order for run in restore(bench, job_id, "tr-old", endings[job_id]).failed_runs]
    assert bench.view("failed").state is bench.view("unwritten").state is RunState.FAILED
    assert bench.view("left").state is RunState.CANCELLED
    # Who was restored as running before it was known gets its ending written.
    assert [live.job_id for run in told for live in run.jobs] == (
        ["unwritten"] if order.index("unwritten") < order.index("failed") else []
    )


def test_a_completed_job_brings_back_a_run_that_another_had_left(bench: Bench) -> None:
    restore(bench, "left", "tr-old", CANCELLED)
    restore(bench, "done", "tr-old", COMPLETED)
    assert (bench.view("left").state, bench.view("done").state) == (RunState.CANCELLED, RunState.COMPLETED)


def test_two_open_runs_of_one_recording_become_one(bench: Bench) -> None:
    restore(bench, "one", "tr-one", None)
    assert restore(bench, "two", "tr-two", None).transcription_id == "tr-one"
    assert len(bench.do(op.jobs_of("tr-one"))) == 2


@pytest.mark.parametrize("ending", [None, COMPLETED, FAILED, CANCELLED])
def test_a_job_that_is_known_is_left_as_it_is(bench: Bench, ending: RestoredEnding | None) -> None:
    job = bench.submit()
    bench.do(op.fail(bench.begin().claim_id, "no_audio", Blame.INPUT, "Silence."))
    before = read_content(bench.client)
    answer = restore(bench, job.job_id, "tr-other", ending)
    assert (answer.outcome, answer.transcription_id) == (RestoreOutcome.KNOWN, job.transcription_id)
    assert read_content(bench.client) == before


def test_a_submission_that_comes_after_its_own_restoration_is_answered_as_the_first(bench: Bench) -> None:
    first = restoration(bench, "early", "tr-early", None)
    bench.do(op.restore(first))
    again = bench.do(op.submit(first.submission))
    assert (again.outcome, again.transcription_id) == (SubmitOutcome.CREATED, "tr-early")


def test_an_idempotency_key_comes_back_for_the_rest_of_its_day(bench: Bench) -> None:
    hour_ms = 3_600_000
    hashes = {"young": bench.now - hour_ms, "old": bench.now - 25 * hour_ms}
    for word, submitted_ms in hashes.items():
        first = restoration(bench, word, f"tr-{word}", CANCELLED)
        submission = replace(first.submission, idempotency_hash=word, submitted_ms=submitted_ms)
        bench.do(op.restore(replace(first, submission=submission)))
    rest_ms = bench.client.pttl("steno:idem:ann:young")
    assert isinstance(rest_ms, int)
    assert 22 * hour_ms < rest_ms <= 23 * hour_ms
    assert not bench.client.exists("steno:idem:ann:old")


def test_an_unknown_job_may_come_back_until_every_job_is_restored(bench: Bench) -> None:
    def is_lost() -> bool:
        found: JobView | None = bench.do(op.view("nobody", "ann")).job
        assert found is None
        return bench.do(op.view("nobody", "ann")).ledger_lost

    assert not is_lost()
    assert bench.do(op.begin_restoring("epoch-2")) == "epoch-2"
    assert is_lost()
    assert bench.do(op.begin_restoring("epoch-3")) == "epoch-2"
    bench.do(op.end_restoring("epoch-3"))
    assert is_lost()
    bench.do(op.end_restoring("epoch-2"))
    assert not is_lost()


def test_a_rebuild_opens_only_the_ledger_in_which_it_began(bench: Bench) -> None:
    bench.client.flushdb()
    bench.pass_time(0)
    assert bench.do(op.open_restored("epoch-2")) is None
    bench.do(op.begin_restoring("epoch-3"))
    assert bench.do(op.open_restored("epoch-2")) is None
    assert bench.do(op.open_restored("epoch-3")) == "epoch-3"
    assert bench.do(op.open_restored("epoch-3")) == "epoch-3"


def bring(bench: Bench, job_id: str, run: str, ending: RestoredEnding | None, run_number: int = 1) -> Restored:
    submission = replace(
        bench.submission(DIGEST), job_id=job_id, transcription_id=run, submitted_ms=EARLIER_MS, run_number=run_number
    )
    return bench.do(op.restore(Restoration(submission, is_hit=False, ending=ending, brings=True)))


@pytest.mark.parametrize("ending", [COMPLETED, FAILED, CANCELLED])
def test_an_open_job_that_had_ended_is_brought_to_its_ending(bench: Bench, ending: RestoredEnding) -> None:
    job = bench.submit(DIGEST)
    span = bench.begin()
    brought = bring(bench, job.job_id, job.transcription_id, ending)
    assert brought.outcome is RestoreOutcome.BROUGHT
    view = bench.view(job.job_id)
    assert (view.state, view.reason, view.transcript_key) == (ending.state, ending.code, ending.transcript_key)
    # Whoever works on it learns that nobody waits for it any more.
    assert bench.plan(span).outcome is CommitOutcome.REFUSED
    assert bring(bench, job.job_id, job.transcription_id, ending).outcome is RestoreOutcome.KNOWN


def test_a_completed_job_is_never_brought_to_anything_else(bench: Bench) -> None:
    job = bench.submission(DIGEST)
    bench.do(op.submit(job))
    bench.plan(bench.begin())
    following = bench.do(op.commit(bench.begin().claim_id, TIMING)).next
    assert following is not None
    bench.finish(following)
    bench.pass_time(10)
    before = read_content(bench.client)
    for ending in (None, FAILED, CANCELLED):
        for run, number in ((job.transcription_id, 1), ("tr-other", 2)):
            assert bring(bench, job.job_id, run, ending, number).outcome is RestoreOutcome.KNOWN
    assert read_content(bench.client) == before


def test_a_retry_that_was_lost_is_made_again(bench: Bench) -> None:
    job = bench.submit(DIGEST)
    bench.do(op.fail(bench.begin().claim_id, "no_audio", Blame.INPUT))
    assert bring(bench, job.job_id, "tr-again", None, run_number=2).outcome is RestoreOutcome.BROUGHT
    assert bench.view(job.job_id).state is RunState.QUEUED
    assert bench.claim().transcription_id == "tr-again"
    # The request for it, should it come only now, is answered as the first time.
    new = replace(bench.submission(DIGEST), job_id=job.job_id, transcription_id="tr-again")
    assert bench.do(op.retry(new)).outcome is RetryOutcome.CREATED


def test_a_job_that_left_and_came_back_to_the_same_run_is_on_it_again(bench: Bench) -> None:
    job = bench.submit(DIGEST)
    bench.submit(DIGEST)
    bench.do(op.cancel(job.job_id, "ann"))
    # A cancel whose manifest is not written yet is no retry.
    assert bring(bench, job.job_id, job.transcription_id, None).outcome is RestoreOutcome.KNOWN
    assert bring(bench, job.job_id, job.transcription_id, None, run_number=2).outcome is RestoreOutcome.BROUGHT
    assert bench.view(job.job_id).state is RunState.QUEUED


def another_life(bench: Bench) -> None:
    bench.client.set(keys.REDIS_RUN, "0" * 40)


def test_in_another_life_of_redis_an_unknown_job_may_come_back_and_a_known_one_is_known(bench: Bench) -> None:
    job = bench.submit()
    another_life(bench)
    assert bench.do(op.view("nobody", "ann")).ledger_lost
    assert bench.view(job.job_id).state is RunState.QUEUED
    run = bench.do(op.redis_run())
    assert run.current is not None
    assert (run.whole, len(run.current)) == ("0" * 40, 40)
    bench.do(op.note_redis_run("1" * 40))
    assert bench.do(op.view("nobody", "ann")).ledger_lost
    bench.do(op.note_redis_run(run.current))
    assert not bench.do(op.view("nobody", "ann")).ledger_lost


def test_in_another_life_of_redis_no_job_is_made_twice_for_one_key(bench: Bench) -> None:
    first = replace(bench.submission(), idempotency_hash="key")
    bench.do(op.submit(first))
    another_life(bench)
    assert bench.do(op.submit(replace(bench.submission(), idempotency_hash="key"))).outcome is SubmitOutcome.REPLAYED
    lost = replace(bench.submission(), idempotency_hash="lost")
    # Told before anything of it is stored, too, but not of a key that is known or a request without one.
    told = [bench.do(op.find(lost.digest, "ann", key)).ledger_lost for key in ("lost", "key", None)]
    assert told == [True, False, False]
    assert bench.do(op.submit(lost)).outcome is SubmitOutcome.LEDGER_LOST
    assert bench.submit().outcome is SubmitOutcome.CREATED
