"""What a tenant may have: who is refused by which quota, what a recording costs, and that the counters stay exact."""

from dataclasses import replace

from stenopool.ledger import keys, removal
from stenopool.ledger import operations as op
from stenopool.ledger.model import (
    Blame,
    CommitOutcome,
    Committed,
    DayCounts,
    FailedRun,
    Grant,
    LiveJob,
    Plan,
    PlannedUnit,
    Quotas,
    Restoration,
    RestoredEnding,
    RetryOutcome,
    RunState,
    Submission,
    SubmitOutcome,
    UnitKind,
)
from tests.contract.ledger.bench import IDENTITY, TIMING, Bench
from tests.contract.ledger.redis_content import read_content

DIGEST = "d" * 64
DAY_MS = 24 * 3600 * 1000


def submit(
    bench: Bench, most: Quotas, digest: str | None = None, estimated_s: float = 30.0
) -> tuple[Submission, SubmitOutcome]:
    new = replace(bench.submission(digest), quotas=most, size_bytes=1_000, estimated_s=estimated_s)
    return new, bench.do(op.submit(new)).outcome


def plan(bench: Bench, grant: Grant, audio_s: float) -> Committed:
    units = (
        PlannedUnit("span-0", UnitKind.SPAN, 0, 480_000, audio_s),
        PlannedUnit("assemble", UnitKind.ASSEMBLE, 0, 0, 0.0, blocked=True),
    )
    return bench.do(op.plan(grant.claim_id, Plan(grant.claim_id, audio_s, units), TIMING))


def in_use(bench: Bench) -> dict[str, int]:
    content = read_content(bench.client).get(keys.USE, {})
    assert isinstance(content, dict)
    return {name: int(text) for name, text in content.items()}


def test_so_many_jobs_of_a_tenant_are_open_and_no_more(bench: Bench) -> None:
    most = Quotas(open_jobs=2)
    first, _ = submit(bench, most, DIGEST)
    assert submit(bench, most, DIGEST)[1] is SubmitOutcome.JOINED
    assert submit(bench, most)[1] is SubmitOutcome.REFUSED_OPEN_JOBS
    assert submit(bench, most, DIGEST)[1] is SubmitOutcome.REFUSED_OPEN_JOBS
    other = replace(bench.submission(), tenant="bob", quotas=most)
    assert bench.do(op.submit(other)).outcome is SubmitOutcome.CREATED
    bench.do(op.cancel(first.job_id, "ann"))
    assert submit(bench, most)[1] is SubmitOutcome.CREATED


def test_a_finished_transcription_answers_whoever_has_used_up_every_quota(bench: Bench) -> None:
    bench.submit(DIGEST)
    bench.plan(bench.begin())
    following = bench.do(op.commit(bench.begin().claim_id, TIMING)).next
    assert following is not None
    bench.finish(following)
    submit(bench, Quotas())
    assert submit(bench, Quotas(1, 1, 1), DIGEST)[1] is SubmitOutcome.HIT


def test_what_is_expected_of_recordings_counts_against_the_audio_of_the_day(bench: Bench) -> None:
    most = Quotas(audio_ms=60_000)
    assert submit(bench, most, estimated_s=40.0)[1] is SubmitOutcome.CREATED
    assert submit(bench, most, estimated_s=20.001)[1] is SubmitOutcome.REFUSED_AUDIO
    joining, outcome = submit(bench, most, DIGEST, estimated_s=20.0)
    assert outcome is SubmitOutcome.CREATED
    assert submit(bench, most, DIGEST, estimated_s=20.0)[1] is SubmitOutcome.JOINED
    assert in_use(bench) == {"open_jobs:ann": 3, "reserved_ms:ann": 60_000, "stored_bytes:ann": 2_000}
    # The run goes on for who has joined, and keeps what was held back for it.
    bench.do(op.cancel(joining.job_id, "ann"))
    assert in_use(bench)["reserved_ms:ann"] == 60_000


def test_a_run_that_ends_unmeasured_gives_back_what_was_held_back(bench: Bench) -> None:
    submit(bench, Quotas(audio_ms=60_000), estimated_s=60.0)
    bench.do(op.fail(bench.begin().claim_id, "no_audio", Blame.INPUT))
    assert in_use(bench) == {"stored_bytes:ann": 1_000}
    assert submit(bench, Quotas(audio_ms=60_000), estimated_s=60.0)[1] is SubmitOutcome.CREATED


def test_the_measure_stands_in_place_of_the_estimate(bench: Bench) -> None:
    most = Quotas(audio_ms=60_000)
    submit(bench, most, estimated_s=50.0)
    assert plan(bench, bench.begin(), 20.0).failed_runs == ()
    assert submit(bench, most, estimated_s=40.0)[1] is SubmitOutcome.CREATED
    assert submit(bench, most, estimated_s=0.1)[1] is SubmitOutcome.REFUSED_AUDIO


def test_a_recording_longer_than_the_rest_of_the_day_ends_before_it_is_recognised(bench: Bench) -> None:
    most = Quotas(audio_ms=60_000)
    first, _ = submit(bench, most, DIGEST, estimated_s=10.0)
    second, _ = submit(bench, most, DIGEST, estimated_s=10.0)
    grant = bench.begin()
    answer = plan(bench, grant, 60.001)
    jobs = tuple(
        LiveJob(job_id, "ann", bench.view(job_id).created_ms) for job_id in sorted([first.job_id, second.job_id])
    )
    assert answer == Committed(
        CommitOutcome.OK, failed_runs=(FailedRun(first.transcription_id, bench.now, "quota_exceeded", jobs),)
    )
    view = bench.view(second.job_id)
    assert (view.state, view.reason, view.audio_s) == (RunState.FAILED, "quota_exceeded", 60.001)
    assert bench.do(op.claim("next", "red/1", ("prepare", first.pool), TIMING)).grant is None
    again = plan(bench, grant, 60.001)
    assert (again.outcome, again.failed_runs) == (CommitOutcome.ALREADY, ())
    # It was not recognised, so it has used nothing.
    assert submit(bench, most, estimated_s=60.0)[1] is SubmitOutcome.CREATED


def test_a_recording_no_longer_than_expected_is_not_refused_any_more(bench: Bench) -> None:
    submit(bench, Quotas(audio_ms=60_000), estimated_s=40.0)
    submit(bench, Quotas(), estimated_s=40.0)
    first, second = bench.begin(), bench.begin()
    assert plan(bench, second, 40.0).failed_runs == ()
    assert plan(bench, first, 40.0).failed_runs == ()


def test_a_new_day_brings_new_audio(bench: Bench) -> None:
    most = Quotas(audio_ms=60_000)
    submit(bench, most, estimated_s=60.0)
    plan(bench, bench.begin(), 60.0)
    bench.now += DAY_MS - bench.now % DAY_MS - 1
    bench.pass_time(0)
    assert submit(bench, most, estimated_s=1.0)[1] is SubmitOutcome.REFUSED_AUDIO
    bench.pass_time(0.001)
    assert submit(bench, most, estimated_s=1.0)[1] is SubmitOutcome.CREATED


def test_what_was_found_infected_is_stored_no_longer(bench: Bench) -> None:
    new, _ = submit(bench, Quotas(stored_bytes=1_500), DIGEST)
    bench.do(op.fail(bench.begin().claim_id, "infected", Blame.INPUT))
    assert in_use(bench) == {}
    assert submit(bench, Quotas(stored_bytes=1_500))[1] is SubmitOutcome.CREATED
    # Its time is over, too: nobody is given it to try again.
    assert new.media_key in bench.do(removal.overdue(10)).members
    again = replace(new, transcription_id="tr-again", quotas=Quotas())
    assert bench.do(op.retry(again)).outcome is RetryOutcome.NEED_MEDIA


def test_so_many_bytes_are_stored_and_no_more(bench: Bench) -> None:
    most = Quotas(stored_bytes=2_999)
    assert [submit(bench, most)[1] for _ in range(3)] == [*[SubmitOutcome.CREATED] * 2, SubmitOutcome.REFUSED_STORED]


def test_another_try_opens_the_job_again_and_stores_nothing_new(bench: Bench) -> None:
    most = Quotas(open_jobs=1, audio_ms=60_000, stored_bytes=1_000)
    first, _ = submit(bench, most)
    bench.do(op.cancel(first.job_id, "ann"))
    again = replace(first, transcription_id="tr-again")
    assert bench.do(op.retry(again)).outcome is RetryOutcome.CREATED
    assert in_use(bench) == {"open_jobs:ann": 1, "reserved_ms:ann": 30_000, "stored_bytes:ann": 1_000}


def test_another_try_asks_the_quotas(bench: Bench) -> None:
    first, _ = submit(bench, Quotas())
    bench.do(op.cancel(first.job_id, "ann"))
    submit(bench, Quotas())
    again = replace(first, transcription_id="tr-again", quotas=Quotas(open_jobs=1))
    assert bench.do(op.retry(again)).outcome is RetryOutcome.REFUSED_OPEN_JOBS
    again = replace(again, quotas=Quotas(audio_ms=59_999))
    assert bench.do(op.retry(again)).outcome is RetryOutcome.REFUSED_AUDIO


def test_a_rebuild_brings_the_counters_back_and_asks_no_quota(bench: Bench) -> None:
    most = Quotas(1, 1, 1)
    for number, ending in enumerate(
        (
            None,
            None,
            RestoredEnding(RunState.COMPLETED, bench.now, transcript_key="t.json", identity=IDENTITY, audio_s=12.5),
            RestoredEnding(RunState.COMPLETED, bench.now - DAY_MS, transcript_key="u.json", audio_s=99.0),
            RestoredEnding(RunState.FAILED, bench.now, "no_audio"),
        )
    ):
        new = replace(bench.submission(), quotas=most, size_bytes=0 if number == 3 else 1_000, submitted_ms=bench.now)
        bench.do(op.restore(Restoration(new, is_hit=False, ending=ending)))
    assert in_use(bench) == {"open_jobs:ann": 2, "reserved_ms:ann": 60_000, "stored_bytes:ann": 4_000}
    # 12.5 s were recognised today and 60 s are expected.
    assert submit(bench, Quotas(audio_ms=72_500), estimated_s=0.0)[1] is SubmitOutcome.REFUSED_AUDIO
    assert submit(bench, Quotas(audio_ms=72_501), estimated_s=0.001)[1] is SubmitOutcome.CREATED
    assert bench.do(op.recount_use()).wrong == 0


def test_a_recount_corrects_what_is_wrong(bench: Bench) -> None:
    submit(bench, Quotas())
    bench.client.hset(keys.USE, mapping={"open_jobs:ann": 7, "stored_bytes:zoe": 3})
    bench.client.hdel(keys.USE, "reserved_ms:ann")
    assert bench.do(op.recount_use()).wrong == 3
    assert in_use(bench) == {"open_jobs:ann": 1, "reserved_ms:ann": 30_000, "stored_bytes:ann": 1_000}


def test_a_day_counts_what_each_tenant_had_done(bench: Bench) -> None:
    bench.submit(DIGEST)
    submit(bench, Quotas(), DIGEST)
    plan(bench, bench.begin(), 20.5)
    following = bench.do(op.commit(bench.begin().claim_id, TIMING)).next
    assert following is not None
    bench.finish(following)
    submit(bench, Quotas(), DIGEST)
    submit(bench, Quotas())
    bench.do(op.fail(bench.begin().claim_id, "no_audio", Blame.INPUT))
    bench.do(op.submit(replace(bench.submission(), tenant="bob", size_bytes=7)))
    usage = bench.do(op.usage())
    # The first of ann's four jobs brought no size.
    ann = DayCounts(jobs=4, hit=1, joined=1, failed=1, bytes=3_000, audio_ms=20_500)
    assert list(usage.by_tenant().values()) == [{"ann": ann, "bob": DayCounts(jobs=1, bytes=7)}]
    assert usage.today == bench.now // DAY_MS
    assert list(bench.do(op.usage("bob")).by_tenant().values()) == [{"bob": DayCounts(jobs=1, bytes=7)}]


def test_only_a_day_that_is_over_is_forgotten(bench: Bench) -> None:
    bench.submit()
    today = bench.now // DAY_MS
    bench.do(op.drop_days([today]))
    assert list(bench.do(op.usage()).days) == [str(today)]
    bench.pass_time(DAY_MS / 1000)
    bench.do(op.drop_days([today]))
    assert bench.do(op.usage()).days == {}
