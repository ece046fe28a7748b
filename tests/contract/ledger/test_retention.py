"""What goes when, on real Redis of each version: nothing that somebody needs, and in the end everything."""

from dataclasses import replace

import pytest

from stenopool.ledger import keys, removal
from stenopool.ledger import operations as op
from stenopool.ledger.model import (
    BeatVerdict,
    Blame,
    CancelOutcome,
    ExpireOutcome,
    ForgetOutcome,
    Grant,
    HeldClaim,
    Keeping,
    Restoration,
    RestoredEnding,
    RetryOutcome,
    RunState,
    Submission,
    SubmitOutcome,
)
from tests.contract.ledger.bench import IDENTITY, TIMING, Bench
from tests.contract.ledger.redis_content import read_content

DIGEST = "d" * 64
HOUR_S = 3_600
DAY_S = 24 * HOUR_S


def submission(bench: Bench, keep: Keeping | None = None) -> Submission:
    return replace(bench.submission(DIGEST), keep=keep or Keeping())


def take_in(bench: Bench, keep: Keeping | None = None) -> Submission:
    new = submission(bench, keep)
    bench.do(op.submit(new))
    return new


def complete(bench: Bench) -> str:
    """Does all the work of the run that waits; answers its id."""
    bench.plan(bench.begin())
    following = bench.do(op.commit(bench.begin().claim_id, TIMING)).next
    assert following is not None
    bench.finish(following)
    return following.transcription_id


def due(bench: Bench) -> dict[str, float]:
    """What is due, in seconds from now."""
    found = read_content(bench.client)[keys.DUE]
    assert isinstance(found, dict)
    return {name: (moment - bench.now) / 1000 for name, moment in found.items()}


def overdue(bench: Bench) -> set[str]:
    return set(bench.do(removal.overdue(100)).members)


def tidy(bench: Bench) -> None:
    """What the housekeeper does, but for the store."""
    while members := bench.do(removal.overdue(100)).members:
        for member in members:
            kind, _, name = member.partition("/")
            gone = (member, *bench.do(removal.expire(name)).members) if kind == "job" else (member,)
            bench.do(removal.purge(gone))


def failed(bench: Bench) -> Grant:
    grant = bench.begin()
    bench.do(op.fail(grant.claim_id, "no_audio", Blame.INPUT))
    return grant


def test_what_a_live_run_needs_has_no_end(bench: Bench) -> None:
    new = take_in(bench)
    assert due(bench) == {new.media_key: float("inf")}


def test_a_completed_run_keeps_its_media_a_day_its_result_a_month_and_no_work(bench: Bench) -> None:
    new = take_in(bench)
    run = complete(bench)
    assert due(bench) == {new.media_key: DAY_S, f"work/{run}": 0, f"job/{new.job_id}": 30 * DAY_S}


def test_a_failed_run_keeps_media_and_plan_as_long_as_it_may_be_tried_again(bench: Bench) -> None:
    new = take_in(bench)
    run = failed(bench).transcription_id
    kept = {new.media_key: 3 * DAY_S, f"work/{run}": 3 * DAY_S}
    assert due(bench) == kept | {f"pcm/{run}": 0, f"job/{new.job_id}": 30 * DAY_S}
    bench.pass_time(3 * DAY_S)
    again = replace(new, transcription_id="tr-again")
    assert bench.do(op.retry(again)).outcome is RetryOutcome.NEED_MEDIA


def test_a_retry_takes_the_media_over_and_ends_the_waiting(bench: Bench) -> None:
    new = take_in(bench)
    run = failed(bench).transcription_id
    bench.do(op.retry(replace(new, transcription_id="tr-again")))
    # The first run's record is nobody's now; its plan stays, because the second one takes it over.
    assert due(bench) == {f"tr/{run}": 0, f"pcm/{run}": 0, f"work/{run}": 3 * DAY_S, new.media_key: float("inf")}


def test_a_cancelled_job_may_be_tried_again_for_as_long_as_media_are_kept(bench: Bench) -> None:
    new = take_in(bench)
    bench.do(op.cancel(new.job_id, "ann"))
    assert due(bench)[str(new.media_key)] == DAY_S
    assert due(bench)[f"job/{new.job_id}"] == 30 * DAY_S


def test_the_longest_wish_of_its_jobs_counts_for_the_media_and_each_ones_own_for_its_result(bench: Bench) -> None:
    short = take_in(bench, Keeping(HOUR_S * 1000, 60_000, 60_000))
    long = take_in(bench, Keeping(2 * HOUR_S * 1000, 120_000, 180_000))
    complete(bench)
    found = due(bench)
    assert (found[str(short.media_key)], found[f"job/{short.job_id}"]) == (120, HOUR_S)
    assert found[f"job/{long.job_id}"] == 2 * HOUR_S


def test_a_job_that_is_answered_at_once_keeps_its_result_from_then_on(bench: Bench) -> None:
    take_in(bench)
    complete(bench)
    bench.pass_time(DAY_S)
    late = take_in(bench)
    assert due(bench)[f"job/{late.job_id}"] == 30 * DAY_S


def test_an_expired_result_is_told_of_as_long_again_and_a_week_at_most(bench: Bench) -> None:
    for keep_s, told_s in ((60, 60), (30 * DAY_S, 7 * DAY_S)):
        new = take_in(bench, Keeping(keep_s * 1000, 1_000, 1_000))
        complete(bench)
        bench.pass_time(keep_s)
        expired = bench.do(removal.expire(new.job_id))
        assert expired.outcome is ExpireOutcome.EXPIRED
        view = bench.view(new.job_id)
        assert (view.state, view.transcript_key) == (RunState.COMPLETED, None)
        assert bench.do(op.find(DIGEST)).run is None
        bench.do(removal.purge(expired.members))
        bench.pass_time(told_s - 1)
        assert bench.do(removal.expire(new.job_id)).outcome is ExpireOutcome.KEPT
        bench.pass_time(1)
        assert bench.do(removal.expire(new.job_id)).outcome is ExpireOutcome.DELETING
        tidy(bench)


def test_a_transcript_stays_until_the_last_job_that_reads_it_has_gone(bench: Bench) -> None:
    short = take_in(bench, Keeping(HOUR_S * 1000, 1_000, 1_000))
    long, third = take_in(bench), take_in(bench)
    run = complete(bench)
    bench.pass_time(HOUR_S)
    tidy(bench)
    assert bench.view(short.job_id).transcript_key is None
    assert bench.view(long.job_id).transcript_key is not None
    assert bench.do(removal.forget(long.job_id, "ann")).members == ()
    assert bench.do(op.find(DIGEST)).run is not None
    last = bench.do(removal.forget(third.job_id, "ann"))
    # The first job is told of as expired still: its run stays, the transcript does not.
    assert f"result/{run}" in last.members
    assert bench.do(op.find(DIGEST)).run is None


def test_a_deleted_job_is_unknown_at_once_and_its_record_waits_for_the_store(bench: Bench) -> None:
    new = take_in(bench)
    run = complete(bench)
    answer = bench.do(removal.forget(new.job_id, "ann"))
    assert (answer.outcome, answer.epoch) == (ForgetOutcome.DELETING, "epoch-1")
    assert set(answer.members) == {f"tr/{run}", f"work/{run}", new.media_key}
    assert bench.do(op.view(new.job_id, "ann")).job is None
    assert bench.do(op.marks([new.job_id])) == ()
    assert bench.do(op.cancel(new.job_id, "ann")).outcome is CancelOutcome.UNKNOWN
    assert bench.do(op.retry(replace(new, transcription_id="tr-x"))).outcome is RetryOutcome.UNKNOWN
    assert bench.client.exists(keys.job(new.job_id))
    assert overdue(bench) == {f"job/{new.job_id}", *answer.members}


def test_a_repeated_deletion_is_answered_as_the_first_also_when_all_is_gone(bench: Bench) -> None:
    new = take_in(bench)
    complete(bench)
    first = bench.do(removal.forget(new.job_id, "ann"))
    assert bench.do(removal.forget(new.job_id, "ann")) == first
    tidy(bench)
    assert bench.do(removal.forget(new.job_id, "ann")).outcome is ForgetOutcome.DELETING
    assert bench.do(removal.forget(new.job_id, "bob")).outcome is ForgetOutcome.UNKNOWN


def test_a_foreign_job_is_not_deleted(bench: Bench) -> None:
    new = take_in(bench)
    complete(bench)
    before = read_content(bench.client)
    assert bench.do(removal.forget(new.job_id, "bob")).outcome is ForgetOutcome.UNKNOWN
    assert read_content(bench.client) == before


def test_deleting_a_running_job_stops_its_work(bench: Bench) -> None:
    span = bench.span()
    job = bench.do(op.jobs_of(span.transcription_id))[0]
    bench.do(removal.forget(job.job_id, "ann"))
    beat = bench.do(op.beat("red/1", [HeldClaim(span.claim_id, started=True)], TIMING))
    assert beat.verdicts[span.claim_id] is BeatVerdict.LOST


def test_a_deleted_job_answers_no_repeated_request(bench: Bench) -> None:
    first = replace(submission(bench), idempotency_hash="key")
    bench.do(op.submit(first))
    complete(bench)
    bench.do(removal.forget(first.job_id, "ann"))
    second, third = (replace(submission(bench), idempotency_hash="key") for _ in range(2))
    assert bench.do(op.submit(second)).outcome is SubmitOutcome.CREATED
    assert bench.do(op.submit(third)).job_id == second.job_id


@pytest.mark.parametrize("how", ["lost", "being restored", "started anew"])
def test_nothing_goes_while_not_every_job_is_known(bench: Bench, how: str) -> None:
    new = take_in(bench, Keeping(1_000, 1_000, 1_000))
    complete(bench)
    bench.pass_time(DAY_S)
    if how == "lost":
        bench.client.delete(keys.EPOCH)
    elif how == "being restored":
        bench.do(op.begin_restoring("epoch-2"))
    else:
        bench.client.set(keys.REDIS_RUN, "0123456789abcdef" * 2)
    assert overdue(bench) == set()
    assert bench.do(removal.expire(new.job_id)).outcome is ExpireOutcome.KEPT
    assert bench.do(removal.forget(new.job_id, "ann")).outcome is ForgetOutcome.LEDGER_LOST
    assert bench.do(removal.strangers(["media/nobody's"])) == ()


def test_what_is_not_to_go_is_not_purged(bench: Bench) -> None:
    new = take_in(bench)
    run = complete(bench)
    before = read_content(bench.client)
    names = [f"job/{new.job_id}", f"tr/{run}", f"result/{run}", str(new.media_key), "media/nobody's"]
    assert bench.do(removal.purge(names)).dropped == 0
    assert read_content(bench.client) == before


def test_strangers_are_those_of_which_there_is_no_record(bench: Bench) -> None:
    new = take_in(bench)
    own = [f"job/{new.job_id}", f"tr/{new.transcription_id}", str(new.media_key)]
    foreign = ["job/x", "tr/x", "media/x"]
    assert bench.do(removal.strangers(own + foreign)) == tuple(foreign)


def test_ended_jobs_are_found_in_rounds(bench: Bench) -> None:
    ids = {take_in(bench).job_id for _ in range(3)}
    assert bench.do(removal.ended_jobs("0", 100)).jobs == ()
    complete(bench)
    round_ = bench.do(removal.ended_jobs("0", 100))
    assert ({job.job_id for job in round_.jobs}, round_.cursor) == (ids, "0")


ENDINGS = {
    "completed": RestoredEnding(RunState.COMPLETED, 0, transcript_key="transcripts/x.json", identity=IDENTITY),
    "expired": RestoredEnding(RunState.COMPLETED, 0),
    "failed": RestoredEnding(RunState.FAILED, 0, "no_audio"),
    "cancelled": RestoredEnding(RunState.CANCELLED, 0),
}


@pytest.mark.parametrize(("name", "media_s"), [("completed", 60), ("expired", 60), ("failed", 90), ("cancelled", 60)])
def test_what_is_restored_goes_when_it_would_have_gone(bench: Bench, name: str, media_s: int) -> None:
    ended_ms = bench.now - 50_000
    new = replace(submission(bench, Keeping(300_000, 60_000, 90_000)), submitted_ms=ended_ms - 1_000)
    bench.do(op.restore(Restoration(new, is_hit=False, ending=replace(ENDINGS[name], ended_ms=ended_ms))))
    found = due(bench)
    assert (found[f"job/{new.job_id}"], found[str(new.media_key)]) == (250, media_s - 50)
    assert (bench.do(op.find(DIGEST)).run is not None) == (name == "completed")


def test_media_that_a_live_run_needs_stay_whatever_is_restored_of_an_earlier_one(bench: Bench) -> None:
    live = take_in(bench)
    earlier = replace(
        submission(bench), digest="e" * 64, media_key=live.media_key, submitted_ms=bench.now - 1_000_000_000
    )
    bench.do(op.restore(Restoration(earlier, is_hit=False, ending=ENDINGS["failed"])))
    assert due(bench)[str(live.media_key)] == float("inf")


def test_in_the_end_nothing_is_left(bench: Bench) -> None:
    for work in (failed, complete, lambda _: "answered at once"):
        take_in(bench)
        work(bench)
    cancelled = replace(bench.submission(), external_hash="e" * 32)
    bench.do(op.submit(cancelled))
    bench.do(op.cancel(cancelled.job_id, "ann"))
    for _ in range(2):
        bench.pass_time(31 * DAY_S)
        tidy(bench)
    # What listeners are told, and spent claims, have a time to live; what days have counted goes into the store.
    passing = (keys.spent(""), keys.EVENT_CLOCK, keys.tenant_events("ann"), keys.DAYS, keys.day(""))
    left = {key for key in read_content(bench.client) if not key.startswith(passing)}
    assert left == {"steno:epoch", "steno:identities", "steno:pools"}
