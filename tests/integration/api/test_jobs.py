"""A job over HTTP from submission to its end, with a real API process, Redis and store, and a scripted worker."""

import asyncio

import httpx
import pytest

from stenopool.ids import new_id
from stenopool.ledger.ledger import Ledger
from stenopool.media.local_store import LocalStore
from stenopool.media.manifest import read_manifest
from tests.integration.api.conftest import wav
from tests.integration.api.scripted_worker import ScriptedWorker
from tests.integration.api.server import ApiServer
from tests.waiting import wait_until


def submit(http: httpx.Client, recording: bytes, **options: str) -> httpx.Response:
    return http.post("/transcribe", files={"file": ("talk.wav", recording)}, data=options)


def job_of(answer: httpx.Response) -> str:
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job_id"])


def code_of(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    return str(answer.json()["code"])


def test_a_submission_is_accepted_and_says_where_to_look(
    http: httpx.Client, worker: ScriptedWorker, recording: bytes
) -> None:
    answer = submit(http, recording)
    job_id = job_of(answer)
    assert answer.headers["location"] == f"/jobs/{job_id}"
    assert answer.headers["retry-after"] == "1"
    assert answer.json()["status"] == "queued"
    status = http.get(answer.headers["location"]).json()
    assert status["job_id"] == job_id
    assert (status["status"], status["stage"], status["position"]) == ("queued", "prepare", 1)
    assert (status["filename"], status["progress"], status["cached"]) == ("talk.wav", 0.0, False)
    assert status["created_at"].endswith("Z")
    assert status["started_at"] is status["ended_at"] is status["duration"] is None
    assert "error" not in status


def test_a_job_goes_through_its_states_to_a_transcript(
    http: httpx.Client, worker: ScriptedWorker, recording: bytes
) -> None:
    job_id = job_of(submit(http, recording, word_timestamps="true", language="en"))
    worker.prepare()
    span = worker.recognise()
    worker.beat(span, 2.0)
    status = http.get(f"/status/{job_id}").json()
    assert (status["status"], status["stage"]) == ("processing", "span")
    assert (status["progress"], status["duration"]) == (0.25, 8.0)
    too_early = http.get(f"/result/{job_id}")
    assert (too_early.status_code, code_of(too_early)) == (409, "not_finished")
    assert too_early.headers["retry-after"] == "1"
    worker.finish(span, "good morning")
    status = http.get(f"/status/{job_id}").json()
    assert (status["status"], status["progress"], status["stage"]) == ("completed", 1.0, None)
    assert status["ended_at"] >= status["started_at"] >= status["created_at"]
    result = http.get(f"/result/{job_id}")
    assert result.headers["content-type"] == "application/json"
    body = result.json()
    assert (body["status"], body["text"], body["language"]) == ("completed", "good morning", "en")
    assert body["language_probability"] is None
    assert (body["duration"], body["engine"], body["model"]) == (8.0, "faster-whisper", "demo")
    assert body["options"]["language"] == "en"
    [segment] = body["segments"]
    assert (segment["start"], segment["end"], segment["confidence"]) == (1.0, 3.5, 0.75)
    assert [word["word"] for word in segment["words"]] == [" good", " morning"]


def test_words_are_absent_where_they_were_not_asked_for(
    http: httpx.Client, worker: ScriptedWorker, recording: bytes
) -> None:
    job_id = job_of(submit(http, recording))
    worker.complete()
    assert "words" not in http.get(f"/result/{job_id}").json()["segments"][0]


def test_both_families_of_addresses_answer_alike(http: httpx.Client, worker: ScriptedWorker, recording: bytes) -> None:
    job_id = job_of(http.post("/jobs", files={"file": ("talk.wav", recording)}))
    assert http.get(f"/jobs/{job_id}").json() == http.get(f"/status/{job_id}").json()
    worker.complete()
    assert http.get(f"/jobs/{job_id}/result").json() == http.get(f"/result/{job_id}").json()
    other = job_of(submit(http, wav()))
    only = {"only": "active"}
    assert http.delete(f"/jobs/{other}", params=only).json() == http.delete(f"/job/{other}", params=only).json()


def test_the_same_recording_again_is_completed_at_once(
    http: httpx.Client, worker: ScriptedWorker, store: LocalStore, recording: bytes
) -> None:
    first = job_of(submit(http, recording))
    worker.complete("only once")
    stored = sorted(store.keys("media/"))
    answer = submit(http, recording)
    second = job_of(answer)
    assert answer.json()["status"] == "completed"
    assert answer.headers["retry-after"] == "0"
    assert second != first
    assert http.get(f"/status/{second}").json()["cached"] is True
    assert http.get(f"/result/{second}").json()["text"] == "only once"
    assert sorted(store.keys("media/")) == stored


def test_other_options_are_another_transcription(http: httpx.Client, worker: ScriptedWorker, recording: bytes) -> None:
    job_of(submit(http, recording))
    worker.complete()
    assert submit(http, recording, language="de").json()["status"] == "queued"


def test_a_failed_job_tells_its_reason_in_status_and_result(
    http: httpx.Client, worker: ScriptedWorker, recording: bytes
) -> None:
    job_id = job_of(submit(http, recording))
    grant = worker.claim("prepare")
    assert grant is not None
    worker.fail(grant, "undecodable_media", "no frame was found")
    status = http.get(f"/status/{job_id}").json()
    assert status["status"] == "failed"
    assert status["error"]["code"] == "undecodable_media"
    assert "no frame was found" in status["error"]["message"]
    assert status["error"]["hint"]
    result = http.get(f"/result/{job_id}")
    assert (result.status_code, code_of(result)) == (409, "job_failed")
    assert result.json()["error"] == status["error"]


def test_a_cancelled_job_never_completes(
    http: httpx.Client, worker: ScriptedWorker, store: LocalStore, recording: bytes
) -> None:
    job_id = job_of(submit(http, recording))
    worker.prepare()
    worker.recognise()
    answer = http.delete(f"/job/{job_id}")
    assert (answer.json()["job_id"], answer.json()["status"]) == (job_id, "cancelled")
    assert http.get(f"/status/{job_id}").json()["status"] == "cancelled"
    result = http.get(f"/result/{job_id}")
    assert (result.status_code, code_of(result)) == (409, "job_cancelled")
    [key] = [key for key in store.keys("manifests/") if job_id in key]
    ending = read_manifest(store.get(key)).ending
    assert ending is not None
    assert ending.state == "cancelled"
    assert http.delete(f"/job/{job_id}?only=active").status_code == 200


def test_a_finished_job_is_not_cancelled(http: httpx.Client, worker: ScriptedWorker, recording: bytes) -> None:
    job_id = job_of(submit(http, recording))
    worker.complete()
    answer = http.delete(f"/job/{job_id}?only=active")
    assert (answer.status_code, code_of(answer)) == (409, "job_ended")


@pytest.mark.parametrize("method_path", [("GET", "/status/{}"), ("GET", "/result/{}"), ("DELETE", "/job/{}")])
@pytest.mark.parametrize("job_id", ["f" * 32, "x", "..%2f..%2fetc"])
def test_an_unknown_job_is_not_found(http: httpx.Client, method_path: tuple[str, str], job_id: str) -> None:
    method, path = method_path
    answer = http.request(method, path.format(job_id))
    assert answer.status_code == 404
    # A slash in the path never reaches a route.
    assert code_of(answer) == ("not_found" if "%2f" in job_id else "unknown_job")


def test_a_job_whose_workers_are_all_away_waits_and_says_so(
    http: httpx.Client, worker: ScriptedWorker, recording: bytes
) -> None:
    job_id = job_of(submit(http, recording))
    worker.leave()
    expected = ["no worker is serving this model at the moment", "no prepare worker is running at the moment"]
    wait_until(lambda: http.get(f"/status/{job_id}").json()["warnings"] == expected, 10, "the warnings")


def test_twenty_equal_uploads_at_once_are_twenty_jobs_and_one_run(
    api: ApiServer, http: httpx.Client, worker: ScriptedWorker, store: LocalStore
) -> None:
    recording = wav(500_000)
    before = len(list(store.keys("media/")))

    async def upload_all() -> list[httpx.Response]:
        async with httpx.AsyncClient(base_url=api.address, trust_env=False, timeout=30) as client:
            uploads = (client.post("/transcribe", files={"file": ("talk.wav", recording)}) for _ in range(20))
            return await asyncio.gather(*uploads)

    jobs = {job_of(answer) for answer in asyncio.run(upload_all())}
    assert len(jobs) == 20
    assert len(list(store.keys("media/"))) == before + 1
    first, *others = sorted(jobs)
    for job_id in others[:5]:
        http.delete(f"/job/{job_id}")
    worker.complete("heard once")
    assert worker.claim("prepare") is None
    for job_id in (first, *others[5:]):
        assert http.get(f"/result/{job_id}").json()["text"] == "heard once"
    for job_id in others[:5]:
        assert http.get(f"/status/{job_id}").json()["status"] == "cancelled"


def test_every_jobs_manifest_names_the_run_it_waits_for(
    http: httpx.Client, worker: ScriptedWorker, store: LocalStore, recording: bytes
) -> None:
    jobs = [job_of(submit(http, recording)) for _ in range(2)]
    manifests = [read_manifest(store.get(key)) for key in store.keys("manifests/") if any(job in key for job in jobs)]
    assert len({manifest.transcription_id for manifest in manifests}) == 1
    assert len({manifest.media_key for manifest in manifests}) == 1


def test_a_request_id_is_echoed(http: httpx.Client) -> None:
    assert http.get("/health/live", headers={"X-Request-ID": "mine-1"}).headers["x-request-id"] == "mine-1"
    assert len(http.get("/health/live").headers["x-request-id"]) == 32


def test_submitting_rings_for_a_prepare_worker(
    api: ApiServer, http: httpx.Client, ledger: Ledger, worker: ScriptedWorker, recording: bytes
) -> None:
    client = ledger._client
    client.delete("steno:bell:prepare")
    job_of(submit(http, recording))
    wait_until(lambda: client.llen("steno:bell:prepare") == 1, 5, "a bell")


def test_a_foreign_id_of_the_right_shape_is_unknown(http: httpx.Client) -> None:
    assert code_of(http.get(f"/status/{new_id()}")) == "unknown_job"
