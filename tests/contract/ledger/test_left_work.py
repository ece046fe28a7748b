"""A run that ended badly leaves its work to the next submission of the same digest, as long as it is kept."""

from dataclasses import replace

import pytest

from stenopool.ledger import keys, removal
from stenopool.ledger import operations as op
from stenopool.ledger.model import Blame, Grant, Quotas, Restoration, RestoredEnding, RunState
from tests.contract.ledger.bench import TIMING, Bench

DIGEST = "d" * 64
DAY_MS = 24 * 3600 * 1000


def fail(bench: Bench, grant: Grant) -> str:
    """The run that fails by it."""
    bench.do(op.fail(grant.claim_id, "engine_failed", Blame.INPUT))
    return grant.transcription_id


def failed_with_work(bench: Bench) -> str:
    bench.submit(DIGEST)
    bench.plan(bench.begin())
    return fail(bench, bench.begin())


def former(bench: Bench, digest: str = DIGEST) -> str | None:
    return bench.do(op.find(digest)).former


def test_a_prepared_run_that_failed_is_found_by_its_digest_alone(bench: Bench) -> None:
    run = failed_with_work(bench)
    assert former(bench) == run
    assert former(bench, "e" * 64) is None
    rest_ms = bench.client.pttl(keys.left(DIGEST))
    assert 3 * DAY_MS - 60_000 < rest_ms <= 3 * DAY_MS


def test_a_prepared_run_that_was_cancelled_is_found_too(bench: Bench) -> None:
    submitted = bench.submit(DIGEST)
    bench.plan(bench.begin())
    bench.do(op.cancel(submitted.job_id, "ann"))
    assert former(bench) == submitted.transcription_id


def test_a_run_that_was_never_prepared_leaves_nothing(bench: Bench) -> None:
    bench.submit(DIGEST)
    fail(bench, bench.begin())
    assert former(bench) is None


def test_one_that_was_never_prepared_leaves_the_work_of_the_run_before_it(bench: Bench) -> None:
    run = failed_with_work(bench)
    bench.submit(DIGEST)
    fail(bench, bench.begin())
    assert former(bench) == run


def test_a_recording_that_is_too_long_for_today_is_not_decoded_again_tomorrow(bench: Bench) -> None:
    new = replace(bench.submission(DIGEST), quotas=Quotas(0, 40_000, 0))
    bench.do(op.submit(new))
    bench.plan(bench.begin(), spans=2)
    assert bench.view(new.job_id).reason == "quota_exceeded"
    assert former(bench) == new.transcription_id


def test_a_completed_run_needs_no_earlier_one(bench: Bench) -> None:
    failed_with_work(bench)
    bench.submit(DIGEST)
    bench.plan(bench.begin())
    following = bench.do(op.commit(bench.begin().claim_id, TIMING)).next
    assert following is not None
    bench.finish(following)
    assert former(bench) is None


def test_work_goes_with_the_last_job_of_its_run(bench: Bench) -> None:
    first, second = bench.submit(DIGEST), bench.submit(DIGEST)
    bench.plan(bench.begin())
    run = fail(bench, bench.begin())
    bench.do(removal.forget(first.job_id, "ann"))
    assert former(bench) == run
    bench.do(removal.forget(second.job_id, "ann"))
    assert former(bench) is None


@pytest.mark.parametrize(("age_days", "is_found"), [(2, True), (3, False)])
def test_a_rebuild_brings_back_what_is_kept_still(bench: Bench, age_days: int, is_found: bool) -> None:
    new = replace(bench.submission(DIGEST), submitted_ms=bench.now - age_days * DAY_MS)
    ending = RestoredEnding(RunState.FAILED, bench.now - age_days * DAY_MS, "engine_failed")
    bench.do(op.restore(Restoration(new, is_hit=False, ending=ending)))
    assert former(bench) == (new.transcription_id if is_found else None)
