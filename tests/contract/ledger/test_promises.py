"""The promises of docs/explanation/ledger.md one by one, on real Redis of each version."""

from dataclasses import replace

import pytest

from stenopool.errors import ErrorCode
from stenopool.ledger import operations as op
from stenopool.ledger.model import (
    BeatVerdict,
    Blame,
    CancelOutcome,
    CommitOutcome,
    FailOutcome,
    HeldClaim,
    RegisterOutcome,
    RunState,
    SubmitOutcome,
    WorkerPulse,
)
from stenopool.queueing.names import BELL_PREFIX
from tests.contract.ledger.bench import IDENTITY, POOL, POOLS, TIMING, Bench


def test_a_cancelled_job_never_completes(bench: Bench) -> None:
    assemble = bench.assemble()
    job = bench.do(op.jobs_of(assemble.transcription_id))[0]
    assert bench.do(op.cancel(job.job_id, "ann")).run_ended
    assert bench.finish(assemble).outcome is CommitOutcome.REFUSED
    assert bench.view(job.job_id).state is RunState.CANCELLED


def test_a_cancel_takes_back_one_job_and_not_its_companions(bench: Bench) -> None:
    first, second = bench.submit("d" * 64), bench.submit("d" * 64)
    cancelled = bench.do(op.cancel(first.job_id, "ann"))
    assert (cancelled.outcome, cancelled.run_ended) == (CancelOutcome.CANCELLED, False)
    assert bench.view(first.job_id).state is RunState.CANCELLED
    assert bench.view(second.job_id).state is RunState.QUEUED


def test_a_failed_run_is_not_what_a_new_job_gets(bench: Bench) -> None:
    first = bench.submit("d" * 64)
    bench.do(op.fail(bench.begin().claim_id, "not_audio", Blame.INPUT, "This is no recording."))
    second = bench.submit("d" * 64)
    assert second.outcome is SubmitOutcome.CREATED
    failed = bench.view(first.job_id)
    assert (failed.state, failed.reason, failed.detail) == (RunState.FAILED, "not_audio", "This is no recording.")


def test_a_finished_run_answers_the_next_job_at_once(bench: Bench) -> None:
    first = bench.submit("d" * 64)
    bench.plan(bench.begin())
    following = bench.do(op.commit(bench.begin().claim_id, TIMING)).next
    assert following is not None
    bench.finish(following)
    second = bench.submit("d" * 64)
    assert (second.outcome, second.transcription_id) == (SubmitOutcome.HIT, first.transcription_id)
    assert bench.view(second.job_id).cached


def test_a_run_takes_so_many_jobs_and_no_more(bench: Bench) -> None:
    outcomes = [bench.do(op.submit(replace(bench.submission("d" * 64), max_jobs_per_run=3))).outcome for _ in range(4)]
    assert outcomes == [SubmitOutcome.CREATED, *[SubmitOutcome.JOINED] * 2, SubmitOutcome.REFUSED_JOINS]


def test_so_many_units_wait_and_no_more(bench: Bench) -> None:
    outcomes = [bench.do(op.submit(replace(bench.submission(), max_waiting=2))).outcome for _ in range(3)]
    assert outcomes == [*[SubmitOutcome.CREATED] * 2, SubmitOutcome.REFUSED_BACKLOG]


def test_a_run_that_other_weights_did_is_not_found_again(bench: Bench) -> None:
    assemble = bench.assemble()
    digest = bench.view(bench.do(op.jobs_of(assemble.transcription_id))[0].job_id).digest
    assert bench.finish(assemble, identity='{"engine":"other"}').outcome is CommitOutcome.OK
    assert bench.do(op.find(digest)).run is None


def test_a_repeated_submission_gets_its_first_answer_though_the_run_has_ended(bench: Bench) -> None:
    new = bench.submission()
    first = bench.do(op.submit(new))
    bench.do(op.cancel(new.job_id, "ann"))
    assert replace(bench.do(op.submit(new)), bells={}) == replace(first, bells={})


def test_a_lost_commit_answer_can_be_asked_for_again(bench: Bench) -> None:
    span = bench.span()
    first = bench.do(op.commit(span.claim_id, TIMING))
    second = bench.do(op.commit(span.claim_id, TIMING))
    assert (first.outcome, second.outcome) == (CommitOutcome.OK, CommitOutcome.ALREADY)
    assert first.next is not None
    assert second.next == first.next


def test_a_holder_whose_lease_ran_out_may_go_on_until_another_has_the_unit(bench: Bench) -> None:
    span = bench.span()
    bench.let_leases_end()
    beat = op.beat("red/1", [HeldClaim(span.claim_id, started=True)], TIMING)
    assert bench.do(beat).verdicts[span.claim_id] is BeatVerdict.GO
    bench.let_leases_end()
    assert bench.claim("blue/1").unit_id == span.unit_id
    assert bench.do(beat).verdicts[span.claim_id] is BeatVerdict.LOST
    assert bench.do(op.commit(span.claim_id, TIMING)).outcome is CommitOutcome.REFUSED


def test_a_sweep_after_a_gap_extends_a_lease_once(bench: Bench) -> None:
    bench.do(op.sweep(TIMING))
    span = bench.span()
    bench.pass_time(120)
    late = bench.do(op.sweep(TIMING))
    assert (late.rearmed, late.expired) == (1, 0)
    bench.pass_time(120)
    later = bench.do(op.sweep(TIMING))
    assert (later.rearmed, later.expired) == (0, 1)
    assert bench.claim("blue/1").unit_id == span.unit_id


def test_a_beat_earns_a_claim_its_next_extension(bench: Bench) -> None:
    bench.do(op.sweep(TIMING))
    span = bench.span()
    for _ in range(3):
        bench.pass_time(120)
        assert bench.do(op.sweep(TIMING)).rearmed == 1
        bench.do(op.beat("red/1", [HeldClaim(span.claim_id, started=True)], TIMING))


@pytest.mark.parametrize("operation", ["plan", "commit", "finish"])
def test_a_commit_that_does_not_fit_the_unit_is_refused(bench: Bench, operation: str) -> None:
    # A span for plan and finish, an assemble for commit.
    grant = bench.assemble() if operation == "commit" else bench.span()
    answer = {
        "plan": bench.plan,
        "commit": lambda grant: bench.do(op.commit(grant.claim_id, TIMING)),
        "finish": bench.finish,
    }[operation](grant)
    assert answer.outcome is CommitOutcome.REFUSED


def test_the_third_lost_worker_fails_the_run(bench: Bench) -> None:
    job = bench.submit()
    for number in range(3):
        bench.begin(f"worker-{number}/1")
        assert bench.view(job.job_id).state is RunState.PROCESSING
        bench.do(op.abandon(f"worker-{number}/1"))
    assert bench.view(job.job_id).reason == ErrorCode.WORKER_LOST


def test_the_tenth_claim_that_nobody_began_to_work_on_fails_the_run(bench: Bench) -> None:
    job = bench.submit()
    for _ in range(10):
        assert bench.view(job.job_id).state is not RunState.FAILED
        bench.claim()
        bench.do(op.abandon("red/1"))
    assert bench.view(job.job_id).reason == ErrorCode.WORKER_LOST


def test_a_release_costs_no_attempt_and_keeps_the_place(bench: Bench) -> None:
    first = bench.submit()
    bench.pass_time(1)
    bench.submit()
    for _ in range(5):
        grant = bench.begin()
        assert (grant.transcription_id, grant.attempt) == (first.transcription_id, 0)
        assert bench.do(op.release(grant.claim_id)).ok


def test_a_failed_attempt_queues_behind_what_had_arrived(bench: Bench) -> None:
    bench.submit()
    bench.pass_time(1)
    second = bench.submit()
    bench.pass_time(1)
    assert bench.do(op.fail(bench.begin().claim_id, "engine_failed", Blame.UNIT)).outcome is FailOutcome.REQUEUED
    assert bench.claim().transcription_id == second.transcription_id


def test_a_unit_put_off_for_more_than_an_hour_fails(bench: Bench) -> None:
    job = bench.submit()
    for _ in range(60):
        assert not bench.do(op.release(bench.begin().claim_id, 60_000)).run_failed
        bench.pass_time(60)
        bench.do(op.sweep(TIMING))
    assert bench.do(op.release(bench.begin().claim_id, 1)).run_failed
    assert bench.view(job.job_id).reason == ErrorCode.TRANSIENT_TOO_LONG


def test_a_unit_that_failed_on_one_worker_is_left_to_another_for_the_time_of_a_lease(bench: Bench) -> None:
    for worker in ("red", "blue"):
        bench.do(op.register(WorkerPulse(worker, ("prepare",), "", "host", 1, "idle"), 60_000))
    bench.submit()
    bench.do(op.fail(bench.begin("red/1").claim_id, "engine_failed", Blame.UNIT))
    assert bench.do(op.claim("too-early", "red/2", POOLS, TIMING)).grant is None
    bench.pass_time(30)
    assert bench.do(op.claim("late", "red/2", POOLS, TIMING)).grant is not None


def test_other_weights_wait_until_the_last_worker_with_the_old_ones_is_gone(bench: Bench) -> None:
    old = WorkerPulse("old", (POOL,), IDENTITY, "host", 1, "idle")
    new = WorkerPulse("new", (POOL,), '{"engine":"new"}', "host", 2, "idle")
    bench.do(op.register(old, 30_000))
    refused = bench.do(op.register(new, 30_000))
    assert (refused.outcome, refused.identity) == (RegisterOutcome.MISMATCH, IDENTITY)
    assert bench.do(op.pool_view(POOL)).live_workers == 1
    bench.do(op.unregister("old"))
    assert bench.do(op.register(new, 30_000)).outcome is RegisterOutcome.OK
    assert bench.do(op.pool_view(POOL)).identity == new.identity


def test_a_worker_that_beats_no_more_counts_as_gone(bench: Bench) -> None:
    bench.do(op.register(WorkerPulse("red", (POOL,), IDENTITY, "host", 1, "idle"), 30_000))
    bench.pass_time(30)
    view = bench.do(op.pool_view(POOL))
    assert (view.live_workers, view.identity) == (0, IDENTITY)


def test_a_lost_ledger_takes_no_job_and_says_so(bench: Bench) -> None:
    bench.client.flushdb()
    bench.pass_time(0)
    assert bench.submit().outcome is SubmitOutcome.LEDGER_LOST
    viewed = bench.do(op.view("job-0", "ann"))
    assert (viewed.job, viewed.ledger_lost) == (None, True)
    assert bench.do(op.sweep(TIMING)).ledger_lost


def test_an_epoch_is_set_once(bench: Bench) -> None:
    assert bench.do(op.set_epoch("epoch-2")) == "epoch-1"
    assert bench.do(op.read_epoch()) == "epoch-1"


def test_there_are_never_more_than_thirty_two_bells_and_a_claim_rings_the_next(bench: Bench) -> None:
    for _ in range(40):
        bench.submit()
    assert bench.client.llen(BELL_PREFIX + "prepare") == 32
    bench.client.rpop(BELL_PREFIX + "prepare")
    bench.claim()
    assert bench.client.llen(BELL_PREFIX + "prepare") == 32


def test_a_sweep_rings_again_for_bells_that_were_lost(bench: Bench) -> None:
    bench.submit()
    bench.client.delete(BELL_PREFIX + "prepare")
    bench.pass_time(5)
    bench.do(op.sweep(TIMING))
    assert bench.client.llen(BELL_PREFIX + "prepare") == 1


def test_a_job_belongs_to_the_day_on_which_its_manifest_was_written(bench: Bench) -> None:
    # One millisecond before midnight at the API, while Redis' clock is far ahead.
    new = replace(bench.submission(), submitted_ms=1_767_225_599_999)
    bench.do(op.submit(new))
    assert bench.view(new.job_id).manifest_day == "2025-12-31"


@pytest.mark.parametrize("tenant", ["bob", ""])
def test_another_tenants_job_is_unknown(bench: Bench, tenant: str) -> None:
    job = bench.submit()
    assert bench.do(op.view(job.job_id, tenant)).job is None
    assert bench.do(op.cancel(job.job_id, tenant)).outcome is CancelOutcome.UNKNOWN


def test_text_from_outside_comes_back_as_it_went_in(bench: Bench) -> None:
    new = replace(bench.submission(), name='"Grüße, 世界" 😀\\.wav', options='{"initial_prompt":"ö\\n,\\u0000"}')
    bench.do(op.submit(new))
    assert bench.view(new.job_id).name == new.name
    assert bench.claim().options == new.options


def test_a_sweep_names_the_runs_that_failed_by_it_and_their_jobs(bench: Bench) -> None:
    bench.submit("d" * 64)
    bench.submit("d" * 64)
    jobs = bench.do(op.jobs_of(bench.submit("d" * 64).transcription_id))
    bench.do(op.sweep(TIMING))
    for _ in range(2):
        bench.begin()
        bench.let_leases_end()
    last = bench.begin()
    for seconds in (9, 9, 13):
        bench.pass_time(seconds - 5)
        bench.do(op.sweep(TIMING))
        bench.pass_time(5)
    swept = bench.do(op.sweep(TIMING))
    assert (swept.expired, swept.failed) == (1, 1)
    [failed] = swept.failed_runs
    assert (failed.transcription_id, failed.code, failed.jobs) == (last.transcription_id, "worker_lost", jobs)
    assert failed.ended_ms == bench.view(jobs[0].job_id).ended_ms == bench.now
    bench.pass_time(5)
    assert bench.do(op.sweep(TIMING)).failed_runs == ()


def test_the_third_death_of_a_child_names_the_run_that_failed_by_it(bench: Bench) -> None:
    job = bench.submit()
    for _ in range(2):
        bench.begin("red/1")
        assert bench.do(op.abandon("red/1")).failed_runs == ()
    bench.begin("red/1")
    [failed] = bench.do(op.abandon("red/1")).failed_runs
    assert [live.job_id for live in failed.jobs] == [job.job_id]


def test_a_delay_too_many_names_the_run_that_failed_by_it(bench: Bench) -> None:
    bench.submit()
    [failed] = bench.do(op.release(bench.begin().claim_id, 3_600_001)).failed_runs
    assert failed.code == "transient_too_long"


def test_a_sweep_ends_no_more_runs_once_a_thousand_jobs_have_failed_by_it(bench: Bench) -> None:
    """Whoever sweeps writes a manifest for each of them; the rest waits for the next sweep."""
    for number in range(3):
        for _ in range(600):
            bench.submit(f"{number}" * 64)
    for _ in range(2):
        for number in range(3):
            bench.begin(f"worker-{number}/1")
            bench.pass_time(0.1)
            bench.do(op.abandon(f"worker-{number}/1"))
    bench.do(op.sweep(TIMING))
    for number in range(3):
        bench.begin(f"worker-{number}/1")
    for seconds in (9, 9, 13):
        bench.pass_time(seconds - 5)
        bench.do(op.sweep(TIMING))
        bench.pass_time(5)
    assert [len(run.jobs) for run in bench.do(op.sweep(TIMING)).failed_runs] == [600, 600]
    bench.pass_time(5)
    assert [len(run.jobs) for run in bench.do(op.sweep(TIMING)).failed_runs] == [600]
