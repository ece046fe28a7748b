"""Retention on a real Redis and a real store: what goes, when, and what does not."""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from beat.retention import let_overdue_go
from stenopool.errors import TransientError
from stenopool.ledger import keys, removal
from stenopool.ledger import operations as op
from stenopool.ledger.counts import REMOVED, counted
from stenopool.media.epoch import write_epoch
from stenopool.media.store import gone_key, pcm_key, transcript_key, work_key
from stenopool.redis_pools import redis_client
from tests.integration.beat.shop import DAY_S, HOUR_S, Dying, Interrupted, Shop
from tests.integration.rebuild.office import POOL


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with redis_client(redis_url) as client:
        yield client


@pytest.fixture
def shop(client: redis.Redis, tmp_path: Path) -> Shop:
    client.flushall()
    return Shop(client, tmp_path)


def completed(shop: Shop, recording: str = "a", **fields: str) -> str:
    job_id = shop.submit(recording, **fields)
    shop.finish_all()
    return job_id


def test_recording_transcript_and_job_go_each_in_its_time(shop: Shop) -> None:
    job_id = completed(shop)
    shop.retain()
    assert shop.held() == {"media", "transcripts", "manifests"}
    shop.pass_time(DAY_S)
    shop.retain()
    assert shop.held() == {"transcripts", "manifests"}
    assert shop.shown(job_id).text
    shop.pass_time(29 * DAY_S)
    shop.retain()
    assert shop.shown(job_id).answer == "result_expired"
    assert shop.held() == {"gone", "manifests"}
    shop.pass_time(7 * DAY_S)
    shop.retain()
    assert shop.shown(job_id).answer == "unknown_job"
    assert shop.held() == set()


def test_in_the_end_redis_holds_counters_and_nothing_else(shop: Shop, client: redis.Redis) -> None:
    completed(shop, "a")
    completed(shop, "a")
    shop.submit("b")
    shop.fail_next()
    shop.cancel(shop.submit("c", external_id="mine"))
    for _ in range(2):
        shop.pass_time(31 * DAY_S)
        shop.retain()
    assert shop.held() == set()
    lasting = (keys.spent(""), keys.idempotency("", ""), keys.worker(""), "steno:workers:", "steno:pool:", keys.day(""))
    left = {str(key) for key in client.scan_iter("steno:*") if not str(key).startswith(lasting)}
    # Told for an hour, or for ever.
    assert left <= {
        keys.EPOCH,
        keys.IDENTITIES,
        keys.POOLS,
        keys.COUNTS,
        keys.DAYS,
        keys.EVENT_CLOCK,
        keys.REDIS_RUN,
    } | {
        keys.tenant_events("ann"),
        keys.TICK,
        "steno:sum:prepare",
        f"steno:sum:{POOL}",
    }
    assert counted(shop.ledger.do(op.census()).counts, REMOVED)[("job",)] == 4


def test_a_job_that_wished_it_goes_sooner_and_its_companion_does_not(shop: Shop) -> None:
    short = shop.submit("a", result_ttl="1h", media_ttl="15m")
    long = completed(shop, "a")
    shop.pass_time(HOUR_S)
    shop.retain()
    assert shop.shown(short).answer == "result_expired"
    assert shop.shown(long).text
    # The longest wish counts for the recording.
    assert "media" in shop.held()
    shop.pass_time(HOUR_S)
    shop.retain()
    assert shop.shown(short).answer == "unknown_job"
    assert shop.shown(long).text


def test_a_failed_job_is_tried_again_within_its_time_and_not_later(shop: Shop) -> None:
    for hours, answer in ((71, "queued"), (72, "failed")):
        job_id = shop.submit(f"{hours}")
        shop.fail_next()
        shop.pass_time(hours * HOUR_S)
        shop.retain()
        shop.retry(job_id)
        assert shop.shown(job_id).answer == answer
        shop.finish_all()


def test_decoded_audio_goes_with_the_failure_and_the_plan_with_the_recording(shop: Shop) -> None:
    job_id = shop.submit("a")
    work = work_key(shop.manifest(job_id).transcription_id)
    shop.store.put(pcm_key(work, "plan"), b"\x00\x00")
    shop.store.put(f"{work}/plan.json", b"{}")
    shop.fail_next()
    shop.retain()
    assert list(shop.store.keys(f"{work}/")) == [f"{work}/plan.json"]
    shop.pass_time(3 * DAY_S)
    shop.retain()
    assert shop.held() == {"manifests"}
    assert not (shop.store.path("epoch").parent / work).exists()


def test_nothing_goes_from_a_store_that_is_not_the_ledgers(shop: Shop) -> None:
    completed(shop)
    shop.pass_time(400 * DAY_S)
    write_epoch(shop.store, "another")
    assert shop.retain() == 0
    assert shop.held() == {"media", "transcripts", "manifests"}


def test_nothing_goes_while_the_ledger_is_rebuilt(shop: Shop) -> None:
    completed(shop)
    shop.pass_time(400 * DAY_S)
    shop.ledger.do(op.begin_restoring("coming"))
    assert shop.retain() == 0
    assert shop.held() == {"media", "transcripts", "manifests"}


@pytest.mark.parametrize("removals", range(7))
def test_a_store_that_fails_on_the_way_only_delays(shop: Shop, removals: int) -> None:
    completed(shop)
    shop.submit("b")
    shop.fail_next()
    shop.pass_time(400 * DAY_S)
    let_overdue_go(shop.ledger, Interrupted(shop.store.path("epoch").parent, removals))
    for _ in range(2):
        shop.retain()
        shop.pass_time(400 * DAY_S)
    assert shop.held() == set()
    assert not shop.client.exists(keys.DUE)


@pytest.mark.parametrize("calls", range(1, 16, 2))
def test_a_housekeeper_that_dies_on_the_way_is_followed_by_another(shop: Shop, calls: int) -> None:
    completed(shop)
    shop.submit("b")
    shop.fail_next()
    shop.pass_time(400 * DAY_S)
    with contextlib.suppress(TransientError):
        let_overdue_go(Dying(shop.client, calls), shop.store)
    for _ in range(2):
        shop.retain()
        shop.pass_time(400 * DAY_S)
    assert shop.held() == set()
    assert not shop.client.exists(keys.DUE)


def test_two_rounds_at_once_do_no_harm(shop: Shop) -> None:
    jobs = [completed(shop, f"{number}") for number in range(6)]
    kept = completed(shop, "kept")
    for job_id in jobs:
        shop.client.zadd(keys.DUE, {f"job/{job_id}": 1})
    faults: list[BaseException] = []

    def tidy() -> None:
        try:
            let_overdue_go(shop.ledger, shop.store)
        except BaseException as error:  # noqa: BLE001 - told to the test.
            faults.append(error)

    threads = [threading.Thread(target=tidy) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not faults
    assert {shop.shown(job_id).answer for job_id in jobs} == {"result_expired"}
    assert shop.shown(kept).text


def test_what_expired_stays_expired_through_a_rebuild(shop: Shop) -> None:
    job_id = completed(shop)
    shop.pass_time(30 * DAY_S)
    shop.retain()
    shop.rebuild()
    assert shop.shown(job_id).answer == "result_expired"
    # Nothing of it runs again, and its time goes on.
    assert shop.next_span() is None
    shop.pass_time(7 * DAY_S)
    shop.retain()
    # It is told of for one round at least.
    shop.pass_time(30)
    shop.retain()
    assert shop.shown(job_id).answer == "unknown_job"
    assert shop.held() == set()


def test_deleted_and_cancelled_jobs_do_not_come_back_by_a_rebuild(shop: Shop) -> None:
    cancelled = shop.submit("b")
    shop.cancel(cancelled)
    deleted, companion = completed(shop, "a"), completed(shop, "a")
    assert shop.remove(deleted) == "deleted"
    shop.rebuild()
    assert shop.shown(deleted).answer == "unknown_job"
    assert shop.shown(cancelled).answer == "cancelled"
    assert shop.shown(companion).text
    assert shop.remove(companion) == "deleted"
    assert shop.held() == {"media", "manifests"}


def test_a_deletion_that_was_broken_off_is_finished(shop: Shop) -> None:
    job_id = completed(shop)
    shop.ledger.do(removal.forget(job_id, "ann"))
    assert shop.held() == {"media", "transcripts", "manifests"}
    shop.retain()
    assert shop.held() == set()
    assert not shop.client.exists(keys.job(job_id))


def test_a_transcript_leaves_a_note_only_while_jobs_tell_of_it(shop: Shop) -> None:
    short, long = shop.submit("a", result_ttl="1h"), completed(shop, "a", result_ttl="2h")
    run = shop.manifest(long).transcription_id
    shop.pass_time(HOUR_S)
    shop.retain()
    assert shop.remove(long) == "deleted"
    assert not shop.store.exists(transcript_key(run))
    assert shop.store.exists(gone_key(run))
    assert shop.shown(short).answer == "result_expired"
    assert shop.remove(short) == "deleted"
    assert shop.held() == set()


def test_a_recording_that_another_try_needs_is_not_taken_from_it(shop: Shop) -> None:
    first, second = shop.submit("a"), shop.submit("a")
    shop.fail_next()
    shop.retry(first)
    assert shop.remove(second) == "deleted"
    shop.pass_time(400 * DAY_S)
    shop.retain()
    assert shop.store.exists(shop.manifest(first).media_key)
    shop.finish_all()
    assert shop.shown(first).text
