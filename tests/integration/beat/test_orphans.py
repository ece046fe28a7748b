"""Orphans on a real Redis and a real store: what stands on one side alone is settled after a day, and nothing else is touched."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import redis

from beat.orphans import find_orphans, owner_of, store_now
from stenopool.clock import utc_now
from stenopool.ids import new_id
from stenopool.ledger import keys, removal
from stenopool.ledger import operations as op
from stenopool.ledger.counts import REMOVED, counted
from stenopool.media.epoch import write_epoch
from stenopool.media.store import media_key, peaks_key, plan_key, transcript_key, work_key
from stenopool.redis_pools import redis_client
from tests.integration.beat.shop import DAY_S, Shop


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with redis_client(redis_url) as client:
        yield client


@pytest.fixture
def shop(client: redis.Redis, tmp_path: Path) -> Shop:
    client.flushall()
    return Shop(client, tmp_path)


@pytest.fixture
def left(shop: Shop) -> tuple[str, ...]:
    """One object of each kind that nobody names."""
    run = new_id()
    found = (
        media_key(new_id()),
        plan_key(work_key(run), "plan"),
        transcript_key(run),
        peaks_key(run),
        f"gone/{run}.json",
    )
    for key in found:
        shop.store.put(key, b"left behind")
    return found


def age_all(shop: Shop) -> None:
    shop.age(*(key for key in shop.all_keys() if key != "epoch"))


def find(shop: Shop) -> tuple[int, int, int, int]:
    found = find_orphans(shop.ledger, shop.store)
    return found.objects, found.records, found.manifests, found.restored


def test_old_objects_that_nobody_names_go_and_are_counted(shop: Shop, left: tuple[str, ...]) -> None:
    age_all(shop)
    assert find(shop) == (5, 0, 0, 0)
    assert not any(shop.store.exists(key) for key in left)
    assert find(shop) == (0, 0, 0, 0)
    assert counted(shop.ledger.do(op.census()).counts, REMOVED) == {("orphan_object",): 5}


def test_younger_ones_stay(shop: Shop, left: tuple[str, ...]) -> None:
    shop.age(*left, hours=23.9)
    assert find(shop) == (0, 0, 0, 0)


def test_what_the_ledger_knows_stays_however_old(shop: Shop) -> None:
    shop.submit("open")
    shop.next_span()
    shop.submit("failed")
    shop.fail_next()
    shop.submit("done")
    shop.finish_all()
    held = set(shop.all_keys())
    age_all(shop)
    assert find(shop) == (0, 0, 0, 0)
    assert set(shop.all_keys()) - {"clock"} == held


def test_what_only_a_manifest_names_stays(shop: Shop) -> None:
    """A crash between manifest and ledger: the job is made, and nothing is taken from it."""
    job_id = shop.submit("a")
    shop.client.flushall()
    shop.pass_time(0)
    epoch = shop.store.get("epoch").decode()
    shop.ledger.do(op.set_epoch(epoch))
    shop.worker.register()
    age_all(shop)
    assert find(shop) == (0, 0, 0, 1)
    shop.finish_all()
    assert shop.shown(job_id).text


@pytest.mark.parametrize("is_lost", [True, False])
def test_nothing_goes_beside_another_epoch_or_an_empty_redis(
    shop: Shop, left: tuple[str, ...], *, is_lost: bool
) -> None:
    age_all(shop)
    if is_lost:
        shop.client.flushall()
        shop.pass_time(0)
    else:
        write_epoch(shop.store, "another")
    assert find(shop) == (0, 0, 0, 0)
    assert all(shop.store.exists(key) for key in left)


def test_nothing_goes_while_jobs_are_restored(shop: Shop, left: tuple[str, ...]) -> None:
    age_all(shop)
    shop.ledger.do(op.begin_restoring("coming"))
    assert find(shop) == (0, 0, 0, 0)
    assert all(shop.store.exists(key) for key in left)


def test_nothing_goes_while_a_manifest_cannot_be_read(shop: Shop, left: tuple[str, ...]) -> None:
    shop.store.put("manifests/2026-01-01/x.json", b"{")
    age_all(shop)
    assert find(shop)[0] == 0
    assert all(shop.store.exists(key) for key in left)


def test_a_record_without_a_manifest_is_a_deletion_to_be_finished(shop: Shop) -> None:
    job_id, kept = shop.submit("a"), shop.submit("b")
    shop.finish_all()
    [key] = [key for key in shop.store.keys("manifests/") if job_id in key]
    shop.store.delete(key)
    # Younger than a day: its manifest may be on its way.
    assert find(shop)[1] == 0
    shop.client.hset(
        keys.job(job_id), "created", shop.manifest(kept).submitted_at.timestamp() * 1000 // 1 - 25 * 3600e3
    )
    assert find(shop)[1] == 1
    assert shop.shown(job_id).answer == "unknown_job"
    assert shop.shown(kept).text
    assert len(list(shop.store.keys("transcripts/"))) == 1


def test_a_manifest_that_a_slow_process_wrote_back_does_not_bring_its_job_back(shop: Shop) -> None:
    job_id = shop.submit("a")
    shop.finish_all()
    manifest = shop.manifest(job_id)
    assert shop.remove(job_id) == "deleted"
    key = f"manifests/{manifest.submitted_at.date().isoformat()}/{job_id}.json"
    shop.store.replace(key, manifest.to_bytes())
    age_all(shop)
    assert find(shop) == (0, 0, 1, 0)
    assert not shop.store.exists(key)
    assert shop.shown(job_id).answer == "unknown_job"


def test_a_manifest_of_which_nothing_is_left_goes(shop: Shop) -> None:
    job_id = shop.submit("a")
    manifest = shop.manifest(job_id)
    shop.remove(job_id)
    shop.remove(job_id)
    shop.client.delete(keys.deleted(job_id))
    shop.store.replace(f"manifests/{manifest.submitted_at.date().isoformat()}/{job_id}.json", manifest.to_bytes())
    age_all(shop)
    assert find(shop) == (0, 0, 0, 0)
    assert shop.held() == set()


def test_a_late_write_for_a_deleted_run_is_found(shop: Shop) -> None:
    job_id = shop.submit("a")
    run = shop.manifest(job_id).transcription_id
    span = shop.next_span()
    assert span is not None
    assert shop.remove(job_id) == "cancelled"
    assert shop.remove(job_id) == "deleted"
    assert shop.ledger.do(removal.strangers([f"tr/{run}"])) == (f"tr/{run}",)
    shop.store.put(transcript_key(run), b"late")
    age_all(shop)
    assert find(shop) == (1, 0, 0, 0)


def test_the_stores_own_clock_counts(shop: Shop) -> None:
    assert abs(store_now(shop.store) - utc_now()) < timedelta(minutes=1)
    shop.pass_time(100 * DAY_S)
    assert abs(store_now(shop.store) - utc_now()) < timedelta(minutes=1)


def test_an_objects_owner_is_read_off_its_key() -> None:
    names = (
        "media/u",
        "work/r/plan.pcm",
        "work/r/plan/span-0.json",
        "transcripts/r.json",
        "peaks/r.json",
        "gone/r.json",
    )
    assert [owner_of(name) for name in names] == ["media/u", *["tr/r"] * 5]
