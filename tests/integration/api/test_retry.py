"""Another try for jobs that ended badly."""

import asyncio

import httpx
import pytest

from stenopool.media.local_store import LocalStore
from stenopool.media.manifest import Manifest, read_manifest
from tests.integration.api.conftest import wav
from tests.integration.api.scripted_worker import ScriptedWorker
from tests.integration.api.server import ApiServer
from tests.integration.api.test_jobs import code_of, job_of, submit


def failed(http: httpx.Client, worker: ScriptedWorker, recording: bytes) -> str:
    job_id = job_of(submit(http, recording))
    grant = worker.claim("prepare")
    assert grant is not None
    worker.fail(grant, "engine_failed")
    return job_id


def manifest_of(store: LocalStore, job_id: str) -> Manifest:
    [key] = [key for key in store.keys("manifests/") if job_id in key]
    return read_manifest(store.get(key))


def test_a_failed_job_is_tried_again_under_its_own_id(
    http: httpx.Client, worker: ScriptedWorker, store: LocalStore, recording: bytes
) -> None:
    job_id = failed(http, worker, recording)
    before, tag = manifest_of(store, job_id), http.get(f"/jobs/{job_id}").headers["etag"]
    answer = http.post(f"/jobs/{job_id}/retry")
    assert (answer.status_code, answer.json()["job_id"], answer.json()["status"]) == (202, job_id, "queued")
    assert answer.headers["location"] == f"/jobs/{job_id}"
    status = http.get(f"/jobs/{job_id}", headers={"If-None-Match": tag})
    assert (status.json()["status"], status.json()["stage"]) == ("queued", "prepare")
    after = manifest_of(store, job_id)
    assert after.transcription_id != before.transcription_id
    assert (after.media_key, after.ending) == (before.media_key, None)
    worker.complete("at last")
    assert http.get(f"/result/{job_id}").json()["text"] == "at last"


def test_a_cancelled_job_is_tried_again(
    http: httpx.Client, worker: ScriptedWorker, store: LocalStore, recording: bytes
) -> None:
    job_id = job_of(submit(http, recording))
    http.delete(f"/job/{job_id}")
    assert manifest_of(store, job_id).ending is not None
    assert http.post(f"/jobs/{job_id}/retry").status_code == 202
    assert manifest_of(store, job_id).ending is None
    worker.complete()
    assert http.get(f"/status/{job_id}").json()["status"] == "completed"


def test_a_job_that_left_a_run_returns_to_it(http: httpx.Client, worker: ScriptedWorker, recording: bytes) -> None:
    first, second = (job_of(submit(http, recording)) for _ in range(2))
    http.delete(f"/job/{first}")
    assert http.post(f"/jobs/{first}/retry").status_code == 202
    worker.complete("heard once")
    assert worker.claim("prepare") is None
    assert [http.get(f"/result/{job_id}").json()["text"] for job_id in (first, second)] == ["heard once"] * 2


def test_a_run_that_was_completed_since_answers_at_once(
    http: httpx.Client, worker: ScriptedWorker, recording: bytes
) -> None:
    job_id = failed(http, worker, recording)
    job_of(submit(http, recording))
    worker.complete("done meanwhile")
    assert http.post(f"/jobs/{job_id}/retry").json()["status"] == "completed"
    assert http.get(f"/result/{job_id}").json()["text"] == "done meanwhile"
    assert http.get(f"/status/{job_id}").json()["cached"] is True


@pytest.mark.parametrize("state", ["queued", "completed"])
def test_a_job_that_did_not_end_badly_is_not_tried_again(
    http: httpx.Client, worker: ScriptedWorker, recording: bytes, state: str
) -> None:
    job_id = job_of(submit(http, recording))
    if state == "completed":
        worker.complete()
    answer = http.post(f"/jobs/{job_id}/retry")
    assert (answer.status_code, code_of(answer)) == (409, "not_retryable")
    assert state in answer.json()["detail"]


def test_a_job_whose_recording_is_gone_says_so_and_stays_as_it_was(
    http: httpx.Client, worker: ScriptedWorker, store: LocalStore, recording: bytes
) -> None:
    job_id = failed(http, worker, recording)
    before = manifest_of(store, job_id)
    store.delete(before.media_key)
    answer = http.post(f"/jobs/{job_id}/retry")
    assert (answer.status_code, code_of(answer)) == (410, "input_missing")
    assert answer.json()["hint"] == "submit the file again"
    assert manifest_of(store, job_id) == before
    assert http.get(f"/status/{job_id}").json()["status"] == "failed"


def test_ten_tries_at_once_are_one_run_and_the_manifest_names_it(
    api: ApiServer, http: httpx.Client, worker: ScriptedWorker, store: LocalStore
) -> None:
    job_id = failed(http, worker, wav())

    async def try_all() -> list[int]:
        async with httpx.AsyncClient(base_url=api.address, trust_env=False, timeout=30) as client:
            answers = await asyncio.gather(*(client.post(f"/jobs/{job_id}/retry") for _ in range(10)))
            return sorted(answer.status_code for answer in answers)

    assert asyncio.run(try_all()) == [202, *[409] * 9]
    grant = worker.claim("prepare")
    assert grant is not None
    manifest = manifest_of(store, job_id)
    assert (manifest.transcription_id, manifest.ending) == (grant.transcription_id, None)
    assert worker.claim("prepare") is None


def test_an_unknown_job_is_not_tried_again(http: httpx.Client) -> None:
    answer = http.post(f"/jobs/{'f' * 32}/retry")
    assert (answer.status_code, code_of(answer)) == (404, "unknown_job")
