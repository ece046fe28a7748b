"""Who asked to be told of a job's end is told of it once, under one id, by one housekeeper at a time."""

import sys
import time
from dataclasses import replace

import pytest

from stenopool.ledger import operations as op
from stenopool.ledger.model import (
    Attempt,
    Blame,
    DeliveryNote,
    DeliveryOutcome,
    JobView,
    Restoration,
    RestoredEnding,
    RunState,
    Submission,
)
from stenopool.ledger.outbox import delivery_id
from tests.contract.ledger.bench import DELIVERY_LEASE_MS, IDENTITY, TIMING, Bench

DIGEST = "d" * 64
LEASE_S = DELIVERY_LEASE_MS / 1000


def hooked(bench: Bench, digest: str | None = None) -> Submission:
    submission = replace(bench.submission(digest), has_hook=True)
    bench.do(op.submit(submission))
    return submission


def completed(bench: Bench, digest: str | None = None) -> Submission:
    submission = hooked(bench, digest)
    bench.plan(bench.begin())
    following = bench.do(op.commit(bench.begin().claim_id, TIMING)).next
    assert following is not None
    bench.finish(following)
    return submission


def ids(bench: Bench) -> list[str]:
    return [delivery.delivery_id for delivery in bench.take()]


def test_an_ending_is_due_at_once_and_tells_of_its_job(bench: Bench) -> None:
    job = completed(bench)
    [delivery] = bench.take()
    assert delivery.delivery_id == f"{job.job_id}-1-completed" == delivery_id(job.job_id, 1, RunState.COMPLETED)
    assert (delivery.event, delivery.at_ms, delivery.attempts) == (RunState.COMPLETED, bench.now, ())
    view: JobView = delivery.job
    assert view == bench.view(job.job_id)
    assert view.transcript_key is not None


def test_every_way_to_end_is_told_and_nobody_who_did_not_ask_is(bench: Bench) -> None:
    bench.do(op.sweep(TIMING))
    failed = hooked(bench)
    bench.do(op.fail(bench.begin().claim_id, "no_audio", Blame.INPUT, "Silence."))
    cancelled = bench.cancelled_hook()
    worn_out = hooked(bench)
    for _ in range(3):
        bench.begin()
        bench.let_leases_end()
    done = completed(bench, DIGEST)
    hit = hooked(bench, DIGEST)
    bench.submit(DIGEST)
    bench.do(op.cancel(bench.submit().job_id, "ann"))
    assert sorted(ids(bench)) == sorted(
        [
            f"{failed.job_id}-1-failed",
            f"{cancelled}-1-cancelled",
            f"{worn_out.job_id}-1-failed",
            f"{done.job_id}-1-completed",
            f"{hit.job_id}-1-completed",
        ]
    )


def test_a_delivery_in_hand_is_nobody_elses_until_its_lease_is_over(bench: Bench) -> None:
    bench.cancelled_hook()
    first = ids(bench)
    bench.pass_time(LEASE_S - 1)
    assert ids(bench) == []
    bench.pass_time(1)
    assert ids(bench) == first


def test_the_same_take_gets_what_it_got(bench: Bench) -> None:
    for _ in range(3):
        bench.cancelled_hook()
    take = op.take_deliveries("take", 2, DELIVERY_LEASE_MS)
    first = bench.do(take)
    assert len(first.deliveries) == 2
    assert bench.do(take) == first
    assert len(ids(bench)) == 1


def test_a_take_that_comes_again_late_gets_nothing_that_another_has(bench: Bench) -> None:
    bench.cancelled_hook()
    take = op.take_deliveries("take", 2, DELIVERY_LEASE_MS)
    bench.do(take)
    bench.pass_time(LEASE_S)
    assert len(ids(bench)) == 1
    assert bench.do(take).deliveries == ()


def test_a_failed_try_comes_again_after_its_delay_and_tells_what_happened(bench: Bench) -> None:
    job_id = bench.cancelled_hook()
    for take_id, status, reason in (("one", 503, "bad_status"), ("two", None, "timeout")):
        [delivery] = bench.do(op.take_deliveries(take_id, 9, DELIVERY_LEASE_MS)).deliveries
        note = DeliveryNote(delivery.delivery_id, take_id, DeliveryOutcome.FAILED, 30_000, status, reason)
        bench.do(op.note_delivery(note))
        bench.do(op.note_delivery(note))
        bench.pass_time(29)
        assert ids(bench) == []
        [pending] = bench.do(op.pending_deliveries(job_id, "ann"))
        assert pending.next_ms == bench.now + 1_000
        bench.pass_time(1)
    tries = (Attempt(bench.now - 60_000, 503, "bad_status"), Attempt(bench.now - 30_000, None, "timeout"))
    assert bench.do(op.pending_deliveries(job_id, "ann"))[0].attempts == tries
    assert bench.take()[0].attempts == tries


def test_a_delivery_that_was_only_put_back_has_no_try_more(bench: Bench) -> None:
    bench.cancelled_hook()
    [delivery] = bench.do(op.take_deliveries("take", 9, DELIVERY_LEASE_MS)).deliveries
    bench.do(op.note_delivery(DeliveryNote(delivery.delivery_id, "take", delay_ms=5_000)))
    bench.pass_time(5)
    assert [again.attempts for again in bench.take()] == [()]


@pytest.mark.parametrize("outcome", [DeliveryOutcome.DELIVERED, DeliveryOutcome.GIVEN_UP])
def test_what_is_over_leaves_nothing_behind(bench: Bench, outcome: DeliveryOutcome) -> None:
    bench.cancelled_hook()
    [delivery] = bench.do(op.take_deliveries("take", 9, DELIVERY_LEASE_MS)).deliveries
    bench.do(op.note_delivery(DeliveryNote(delivery.delivery_id, "take", outcome)))
    bench.pass_time(10 * LEASE_S)
    assert ids(bench) == []
    assert not list(bench.client.scan_iter("steno:outbox:*-*"))
    assert bench.client.hgetall("steno:count")[f"webhook.{outcome}"] == "1"


def test_of_two_holders_only_the_later_one_decides_but_what_was_delivered_is_delivered(bench: Bench) -> None:
    bench.cancelled_hook()
    [delivery] = bench.do(op.take_deliveries("early", 9, DELIVERY_LEASE_MS)).deliveries
    bench.pass_time(LEASE_S)
    bench.do(op.take_deliveries("late", 9, DELIVERY_LEASE_MS))
    failed = DeliveryNote(delivery.delivery_id, "early", DeliveryOutcome.FAILED, 0, None, "timeout")
    bench.do(op.note_delivery(failed))
    assert ids(bench) == []
    bench.do(op.note_delivery(replace(failed, outcome=DeliveryOutcome.DELIVERED, delay_ms=None, reason="")))
    bench.pass_time(LEASE_S)
    assert ids(bench) == []


def test_a_job_that_is_tried_again_tells_of_its_new_run_under_another_id(bench: Bench) -> None:
    job = hooked(bench)
    bench.do(op.cancel(job.job_id, "ann"))
    again = bench.do(op.retry(replace(job, transcription_id="tr-again")))
    assert again.run_number == 2
    assert ids(bench) == []
    bench.do(op.cancel(job.job_id, "ann"))
    assert ids(bench) == [f"{job.job_id}-2-cancelled"]


def test_no_run_number_stands_for_two_runs(bench: Bench) -> None:
    """A manifest may have counted a try of which the ledger never heard."""
    job = hooked(bench)
    bench.do(op.cancel(job.job_id, "ann"))
    assert bench.do(op.retry(replace(job, transcription_id="tr-again", run_number=5))).run_number == 5
    bench.do(op.cancel(job.job_id, "ann"))
    assert bench.do(op.retry(replace(job, transcription_id="tr-again-2", run_number=2))).run_number == 6


@pytest.mark.parametrize("told", [(), (RunState.COMPLETED,)])
def test_after_a_loss_only_what_was_not_told_is_told_and_under_its_old_id(
    bench: Bench, told: tuple[RunState, ...]
) -> None:
    ending = RestoredEnding(RunState.COMPLETED, bench.now - 9, transcript_key="t", identity=IDENTITY, audio_s=3.0)
    submission = replace(bench.submission(), submitted_ms=bench.now - 99, has_hook=True, run_number=3)
    bench.do(op.restore(Restoration(submission, is_hit=False, ending=ending, told=told)))
    assert ids(bench) == ([] if told else [f"{submission.job_id}-3-completed"])


def test_the_deliveries_of_a_job_that_is_gone_are_dropped(bench: Bench) -> None:
    job_id = bench.cancelled_hook()
    bench.client.delete(f"steno:job:{job_id}")
    assert ids(bench) == []
    assert not bench.client.exists("steno:outbox")


def test_a_foreign_jobs_deliveries_are_not_shown(bench: Bench) -> None:
    job_id = bench.cancelled_hook()
    assert len(bench.do(op.pending_deliveries(job_id, "ann"))) == 1
    assert bench.do(op.pending_deliveries(job_id, "bob")) == ()


def test_a_clock_set_back_does_not_put_a_delivery_off_for_days(bench: Bench) -> None:
    bench.cancelled_hook()
    bench.pass_time(-10 * 86_400)
    assert ids(bench) == []
    bench.pass_time(9 * 3_600)
    assert len(ids(bench)) == 1


def test_the_end_of_a_thousand_joined_jobs_with_webhooks_is_one_short_script(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(1_000):
        hooked(bench, DIGEST)
    bench.plan(bench.begin())
    following = bench.do(op.commit(bench.begin().claim_id, TIMING)).next
    assert following is not None
    began = time.perf_counter()
    bench.finish(following)
    took_ms = (time.perf_counter() - began) * 1000
    with capsys.disabled():
        sys.stdout.write(f"\nfinish of a run with 1,000 webhooks: {took_ms:.0f} ms\n")
    assert bench.client.zcard("steno:outbox") == 1_000
    # Redis serves nobody else meanwhile. A bound against a slip into something quadratic, not a promise of speed.
    assert took_ms < 1_000
