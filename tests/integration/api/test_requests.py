"""What a submission may say: model, names of its own, options in the query, an idempotency key."""

import asyncio
import json
from urllib.parse import quote

import httpx
import pytest

from stenopool.ids import new_id
from stenopool.media.local_store import LocalStore
from stenopool.media.manifest import read_manifest
from tests.integration.api.conftest import wav
from tests.integration.api.scripted_worker import ScriptedWorker
from tests.integration.api.server import ApiServer
from tests.integration.api.test_jobs import code_of, job_of, submit

WAV_TYPE = {"Content-Type": "audio/wav"}


def test_a_model_that_is_not_run_is_refused_with_the_list(
    http: httpx.Client, worker: ScriptedWorker, recording: bytes
) -> None:
    answer = submit(http, recording, model="large-v3")
    assert (answer.status_code, code_of(answer)) == (422, "model_not_offered")
    assert "demo" in answer.json()["hint"]
    assert submit(http, recording, model="demo").status_code == 202


def test_names_of_the_client_and_effective_options_come_back(
    http: httpx.Client, worker: ScriptedWorker, recording: bytes
) -> None:
    metadata = {"patient": 7, "tags": ["a", "ü"]}
    job_id = job_of(submit(http, recording, external_id="case 7", metadata=json.dumps(metadata), language="EN"))
    for state in ("queued", "completed"):
        status = http.get(f"/jobs/{job_id}").json()
        assert status["status"] == state
        assert (status["external_id"], status["metadata"], status["model"]) == ("case 7", metadata, "demo")
        assert (status["options"]["language"], status["options"]["beam_size"]) == ("en", 5)
        if state == "queued":
            worker.complete()


def test_names_of_the_client_have_no_part_in_the_digest(
    http: httpx.Client, worker: ScriptedWorker, recording: bytes
) -> None:
    job_of(submit(http, recording, external_id="first"))
    worker.complete()
    second = submit(http, recording, external_id="second", metadata='{"a": 1}')
    assert second.json()["status"] == "completed"
    assert http.get(second.headers["location"]).json()["external_id"] == "second"


@pytest.mark.parametrize(
    ("field", "value"), [("metadata", "[]"), ("metadata", '{"a": NaN}'), ("external_id", "x" * 201), ("beam_size", "0")]
)
def test_a_field_out_of_its_bounds_is_refused(
    http: httpx.Client, worker: ScriptedWorker, recording: bytes, field: str, value: str
) -> None:
    answer = submit(http, recording, **{field: value})
    assert (answer.status_code, code_of(answer)) == (422, "invalid_option")
    assert field in answer.json()["detail"]


@pytest.mark.parametrize("media_type", ["audio/wav", "video/mp4", "application/octet-stream"])
def test_a_body_that_is_the_recording_itself_is_taken(
    http: httpx.Client, worker: ScriptedWorker, recording: bytes, media_type: str
) -> None:
    headers = {"Content-Type": media_type, "X-File-Name": quote("Gespräch.wav")}
    answer = http.post("/transcribe?language=de&external_id=raw", content=recording, headers=headers)
    status = http.get(f"/jobs/{job_of(answer)}").json()
    assert (status["filename"], status["options"]["language"], status["external_id"]) == ("Gespräch.wav", "de", "raw")


def test_a_raw_body_and_a_form_with_the_same_bytes_are_one_transcription(
    http: httpx.Client, worker: ScriptedWorker, store: LocalStore, recording: bytes
) -> None:
    job_of(http.post("/transcribe", content=recording, headers=WAV_TYPE))
    before = sorted(store.keys("media/"))
    job_of(submit(http, recording))
    assert sorted(store.keys("media/")) == before


@pytest.mark.parametrize(
    ("content", "query", "expected"),
    [
        (b"", "", (422, "empty_file")),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "", (415, "not_audio")),
        (wav(), "?langage=de", (422, "unknown_field")),
        (wav(), "?" + "&".join(f"f{n}=1" for n in range(21)), (422, "invalid_request")),
        (wav(3 << 20), "", (413, "file_too_large")),
    ],
)
def test_a_raw_body_is_held_to_the_same_rules(
    api: ApiServer,
    http: httpx.Client,
    worker: ScriptedWorker,
    content: bytes,
    query: str,
    expected: tuple[int, str],
) -> None:
    answer = http.post(f"/transcribe{query}", content=content, headers=WAV_TYPE)
    assert (answer.status_code, code_of(answer)) == expected
    assert api.spool == []


def test_a_raw_body_shorter_than_any_header_is_judged_by_what_there_is(
    http: httpx.Client, worker: ScriptedWorker
) -> None:
    assert http.post("/transcribe", content=wav(60), headers=WAV_TYPE).status_code == 202


def test_a_field_in_query_and_form_is_refused_as_given_twice(
    http: httpx.Client, worker: ScriptedWorker, recording: bytes
) -> None:
    files = {"file": ("a.wav", recording)}
    answer = http.post("/transcribe?language=de", files=files, data={"language": "de"})
    assert (answer.status_code, code_of(answer)) == (422, "invalid_option")


def keyed(http: httpx.Client, key: str, recording: bytes, **options: str) -> httpx.Response:
    files = {"file": ("talk.wav", recording)}
    return http.post("/transcribe", files=files, data=options, headers={"Idempotency-Key": key})


def test_the_same_request_under_the_same_key_is_the_same_job_as_it_stands(
    api: ApiServer, http: httpx.Client, worker: ScriptedWorker, store: LocalStore, recording: bytes
) -> None:
    key = new_id()
    first = keyed(http, key, recording)
    kept = sorted([*store.keys("media/"), *store.keys("manifests/")])
    assert "idempotent-replayed" not in first.headers
    for state in ("queued", "completed"):
        again = keyed(http, key, recording)
        assert (again.status_code, again.headers["idempotent-replayed"]) == (202, "true")
        assert (again.json()["job_id"], again.json()["status"]) == (job_of(first), state)
        assert sorted([*store.keys("media/"), *store.keys("manifests/")]) == kept
        if state == "queued":
            worker.complete()
    assert api.spool == []


@pytest.mark.parametrize("change", ["recording", "language", "external_id", "metadata"])
def test_another_request_under_the_same_key_is_a_conflict(
    http: httpx.Client, worker: ScriptedWorker, store: LocalStore, recording: bytes, change: str
) -> None:
    key = new_id()
    job_of(keyed(http, key, recording))
    kept = sorted([*store.keys("media/"), *store.keys("manifests/")])
    fields = {"language": "de", "external_id": "x", "metadata": '{"a":1}'}
    options = {change: fields[change]} if change in fields else {}
    answer = keyed(http, key, wav() if change == "recording" else recording, **options)
    assert (answer.status_code, code_of(answer)) == (422, "idempotency_conflict")
    assert sorted([*store.keys("media/"), *store.keys("manifests/")]) == kept


def test_fifty_equal_requests_at_once_are_one_job(
    api: ApiServer, http: httpx.Client, worker: ScriptedWorker, store: LocalStore, recording: bytes
) -> None:
    key, before = new_id(), len(list(store.keys("manifests/")))

    async def send_all() -> list[httpx.Response]:
        async with httpx.AsyncClient(base_url=api.address, trust_env=False, timeout=60) as client:
            requests = (
                client.post("/transcribe", files={"file": ("a.wav", recording)}, headers={"Idempotency-Key": key})
                for _ in range(50)
            )
            return await asyncio.gather(*requests)

    answers = asyncio.run(send_all())
    [job_id] = {job_of(answer) for answer in answers}
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    manifests = list(store.keys("manifests/"))
    assert len(manifests) == before + 1
    [manifest] = [read_manifest(store.get(name)) for name in manifests if job_id in name]
    assert store.exists(manifest.media_key)
    worker.complete()
    assert worker.claim("prepare") is None


@pytest.mark.parametrize("key", ["", "a b", "x" * 256])
def test_a_key_that_is_not_usable_is_refused(
    http: httpx.Client, worker: ScriptedWorker, recording: bytes, key: str
) -> None:
    answer = keyed(http, key, recording)
    assert (answer.status_code, code_of(answer)) == (422, "invalid_request")
