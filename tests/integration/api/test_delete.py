"""DELETE over HTTP: cancels what is open, deletes what has ended, leaves alone what others need."""

from collections.abc import Iterator

import httpx
import pytest
import redis

from stenopool.ledger import keys, removal
from stenopool.ledger.ledger import Ledger
from stenopool.local.redis_server import RedisServer
from stenopool.media.epoch import read_epoch, write_epoch
from stenopool.media.local_store import LocalStore
from stenopool.media.manifest import read_manifest
from stenopool.media.store import transcript_key
from stenopool.redis_pools import redis_client
from tests.integration.api.scripted_worker import ScriptedWorker
from tests.integration.api.test_jobs import code_of, job_of, submit


def of_job(store: LocalStore, job_id: str) -> list[str]:
    """What the store holds under a job's own name."""
    return [key for key in store.keys("manifests/") if job_id in key]


def bodies(store: LocalStore) -> set[str]:
    return {key for prefix in ("media/", "work/", "transcripts/", "gone/") for key in store.keys(prefix)}


def test_a_job_that_has_ended_is_deleted_with_all_that_is_its_own(
    http: httpx.Client, worker: ScriptedWorker, store: LocalStore, client: redis.Redis, recording: bytes
) -> None:
    before = bodies(store)
    job_id = job_of(submit(http, recording))
    worker.complete()
    answer = http.delete(f"/jobs/{job_id}")
    assert answer.status_code == 200
    assert (answer.json()["job_id"], answer.json()["status"]) == (job_id, "deleted")
    assert code_of(http.get(f"/status/{job_id}")) == "unknown_job"
    assert code_of(http.get(f"/result/{job_id}")) == "unknown_job"
    assert job_id not in {job["job_id"] for job in http.get("/jobs", params={"limit": 100}).json()["data"]}
    assert of_job(store, job_id) == []
    assert bodies(store) == before
    assert not client.exists(keys.job(job_id))
    # The same recording is new to the platform.
    assert submit(http, recording).json()["status"] == "queued"


def test_a_deletion_is_repeated_without_harm(http: httpx.Client, worker: ScriptedWorker, recording: bytes) -> None:
    job_id = job_of(submit(http, recording))
    worker.complete()
    first = http.delete(f"/job/{job_id}")
    assert http.delete(f"/jobs/{job_id}").json() == first.json()
    assert code_of(http.delete(f"/jobs/{job_id}?only=active")) == "unknown_job"


def test_a_failed_and_a_cancelled_job_are_deleted_too(
    http: httpx.Client, worker: ScriptedWorker, store: LocalStore, recording: bytes
) -> None:
    job_id = job_of(submit(http, recording))
    worker.fail(worker.prepare_only(), "no_audio")
    assert http.delete(f"/job/{job_id}").json()["status"] == "deleted"
    cancelled = job_of(submit(http, recording + b"."))
    assert http.delete(f"/job/{cancelled}").json()["status"] == "cancelled"
    assert http.get(f"/status/{cancelled}").json()["status"] == "cancelled"
    assert http.delete(f"/job/{cancelled}").json()["status"] == "deleted"
    assert of_job(store, job_id) == of_job(store, cancelled) == []


def test_only_active_cancels_as_often_as_it_is_asked_and_deletes_nothing(
    http: httpx.Client, worker: ScriptedWorker, store: LocalStore, recording: bytes
) -> None:
    job_id = job_of(submit(http, recording))
    answers = [http.delete(f"/job/{job_id}?only=active").json() for _ in range(2)]
    assert [answer["status"] for answer in answers] == ["cancelled", "cancelled"]
    done = job_of(submit(http, recording + b"."))
    worker.complete()
    answer = http.delete(f"/job/{done}?only=active")
    assert (answer.status_code, code_of(answer)) == (409, "job_ended")
    assert http.get(f"/result/{done}").status_code == 200
    assert code_of(http.delete(f"/job/{done}?only=all")) == "invalid_request"


def test_a_shared_transcript_stays_until_its_last_reader_has_gone(
    http: httpx.Client, worker: ScriptedWorker, store: LocalStore, recording: bytes
) -> None:
    first, second = job_of(submit(http, recording)), job_of(submit(http, recording))
    worker.complete("shared")
    third = job_of(submit(http, recording))
    [key] = of_job(store, first)
    manifest = read_manifest(store.get(key))
    for job_id in (first, third):
        assert http.delete(f"/job/{job_id}").json()["status"] == "deleted"
        assert http.get(f"/result/{second}").json()["text"] == "shared"
    assert store.exists(manifest.media_key)
    assert http.delete(f"/job/{second}").json()["status"] == "deleted"
    assert not store.exists(manifest.media_key)
    assert not store.exists(transcript_key(manifest.transcription_id))


def test_nothing_is_deleted_from_a_store_that_is_not_the_ledgers(
    http: httpx.Client, worker: ScriptedWorker, store: LocalStore, recording: bytes
) -> None:
    job_id = job_of(submit(http, recording))
    worker.complete()
    own = read_epoch(store)
    assert own is not None
    try:
        write_epoch(store, "another")
        assert code_of(http.delete(f"/job/{job_id}")) == "store_unavailable"
        assert of_job(store, job_id)
    finally:
        write_epoch(store, own)
    # Asked again it is done.
    assert http.delete(f"/job/{job_id}").json()["status"] == "deleted"
    assert of_job(store, job_id) == []


def test_what_is_agreed_is_told_and_longer_wishes_are_refused(
    http: httpx.Client, worker: ScriptedWorker, recording: bytes
) -> None:
    usual = http.get(f"/status/{job_of(submit(http, recording))}").json()
    assert (usual["media_ttl"], usual["result_ttl"]) == ("24h", "30d")
    wish = job_of(submit(http, recording + b".", media_ttl="15m", result_ttl="7d"))
    told = http.get(f"/status/{wish}").json()
    assert (told["media_ttl"], told["result_ttl"]) == ("15m", "7d")
    for field, value in (("media_ttl", "25h"), ("result_ttl", "400d"), ("media_ttl", "a while")):
        assert code_of(submit(http, recording, **{field: value})) == "invalid_option"


def test_an_expired_result_is_gone_and_says_so(
    http: httpx.Client, worker: ScriptedWorker, ledger: Ledger, client: redis.Redis, recording: bytes
) -> None:
    job_id = job_of(submit(http, recording))
    worker.complete()
    client.zadd(keys.DUE, {f"job/{job_id}": 1})
    before = http.get(f"/status/{job_id}").headers["etag"]
    ledger.do(removal.expire(job_id))
    answer = http.get(f"/result/{job_id}")
    assert (answer.status_code, code_of(answer)) == (410, "result_expired")
    status = http.get(f"/status/{job_id}", headers={"If-None-Match": before})
    assert (status.status_code, status.json()["status"]) == (200, "completed")


def test_a_recording_whose_time_is_over_is_not_tried_again(
    http: httpx.Client, worker: ScriptedWorker, store: LocalStore, client: redis.Redis, recording: bytes
) -> None:
    job_id = job_of(submit(http, recording))
    worker.fail(worker.prepare_only(), "no_audio")
    [key] = of_job(store, job_id)
    client.zadd(keys.DUE, {read_manifest(store.get(key)).media_key: 1})
    answer = http.post(f"/jobs/{job_id}/retry")
    assert (answer.status_code, code_of(answer)) == (410, "input_missing")


@pytest.fixture
def client(redis_server: RedisServer) -> Iterator[redis.Redis]:
    with redis_client(redis_server.url) as client:
        yield client
