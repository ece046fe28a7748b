"""The recording of a job: whole, in parts, by link, and no longer."""

import os
import socket
from typing import Final

import httpx
import pytest

from stenopool.media.local_store import LocalStore
from tests.integration.api.conftest import wav
from tests.integration.api.place import Place, code_of, job_of, submit
from tests.integration.api.scripted_worker import ScriptedWorker
from tests.integration.api.server import ApiServer
from tests.waiting import wait_until

LARGE_BYTES: Final = 300 * 1024 * 1024


@pytest.fixture
def job(http: httpx.Client, worker: ScriptedWorker, recording: bytes) -> str:
    return job_of(submit(http, recording))


def media_of(store: LocalStore, recording: bytes) -> str:
    """Key of a recording in the store."""
    [key] = [
        key for key in store.keys("media/") if store.size_bytes(key) == len(recording) and store.get(key) == recording
    ]
    return key


def test_a_recording_comes_back_as_it_was_uploaded(http: httpx.Client, job: str, recording: bytes) -> None:
    answer = http.get(f"/jobs/{job}/media")
    assert (answer.status_code, answer.content) == (200, recording)
    assert answer.headers["content-type"] == "audio/wav"
    assert answer.headers["content-length"] == str(len(recording))
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-disposition"] == 'inline; filename="talk.wav"'


def test_what_a_client_says_of_its_file_decides_nothing(http: httpx.Client, worker: ScriptedWorker) -> None:
    job = job_of(http.post("/jobs", files={"file": ("<script>.html", wav(), "text/html")}))
    answer = http.get(f"/jobs/{job}/media")
    assert answer.headers["content-type"] == "audio/wav"
    assert answer.headers["x-content-type-options"] == "nosniff"
    policy = {part.strip() for part in answer.headers["content-security-policy"].split(";")}
    assert {"sandbox", "default-src 'none'", "frame-ancestors 'none'"} <= policy
    assert answer.headers["content-disposition"] == 'inline; filename="script.wav"'


@pytest.mark.parametrize(
    ("wished", "first", "last"),
    [("bytes=0-43", 0, 43), ("bytes=44-", 44, 1999), ("bytes=-10", 1990, 1999), ("bytes=1990-9999", 1990, 1999)],
)
def test_a_range_is_a_part(http: httpx.Client, job: str, recording: bytes, wished: str, first: int, last: int) -> None:
    answer = http.get(f"/jobs/{job}/media", headers={"Range": wished})
    assert (answer.status_code, answer.content) == (206, recording[first : last + 1])
    assert answer.headers["content-range"] == f"bytes {first}-{last}/2000"
    assert answer.headers["content-length"] == str(last + 1 - first)


@pytest.mark.parametrize("wished", ["bytes=0-1,5-6", "seconds=1-2", "bytes=9-1"])
def test_what_is_no_single_range_gets_the_whole(http: httpx.Client, job: str, recording: bytes, wished: str) -> None:
    answer = http.get(f"/jobs/{job}/media", headers={"Range": wished})
    assert (answer.status_code, answer.content) == (200, recording)
    assert "content-range" not in answer.headers


def test_a_range_behind_the_end_is_a_problem_that_tells_the_size(http: httpx.Client, job: str) -> None:
    answer = http.get(f"/jobs/{job}/media", headers={"Range": "bytes=2000-"})
    assert code_of(answer) == (416, "range_not_satisfiable")
    assert answer.headers["content-range"] == "bytes */2000"


def test_a_part_is_only_given_to_whoever_has_the_rest_of_the_same(http: httpx.Client, job: str) -> None:
    tag = http.get(f"/jobs/{job}/media").headers["etag"]
    wished = {"Range": "bytes=5-6"}
    for held, status in ((tag, 206), ('"another"', 200), (f"W/{tag}", 200), ("Wed, 25 Nov 2026 12:00:00 GMT", 200)):
        assert http.get(f"/jobs/{job}/media", headers={**wished, "If-Range": held}).status_code == status
    assert http.get(f"/jobs/{job}/media", headers={"If-None-Match": tag}).status_code == 304


def test_head_tells_all_and_sends_nothing(http: httpx.Client, job: str) -> None:
    answer = http.head(f"/jobs/{job}/media", headers={"Range": "bytes=5-6"})
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "2000")
    assert http.head(f"/jobs/{'0' * 32}/media").status_code == 404


def test_equal_recordings_are_one_object_and_each_job_reads_it(
    http: httpx.Client, worker: ScriptedWorker, store: LocalStore, recording: bytes
) -> None:
    first = job_of(submit(http, recording))
    joined = job_of(http.post("/jobs", files={"file": ("other name.wav", recording)}))
    worker.complete()
    hit = job_of(submit(http, recording))
    media_of(store, recording)
    answers = [http.get(f"/jobs/{job_id}/media") for job_id in (first, joined, hit)]
    assert [answer.content for answer in answers] == [recording] * 3
    assert len({answer.headers["etag"] for answer in answers}) == 1
    assert answers[1].headers["content-disposition"] == 'inline; filename="other name.wav"'


def test_a_recording_that_is_not_kept_any_more_has_expired(
    http: httpx.Client, store: LocalStore, job: str, recording: bytes
) -> None:
    link = http.post(f"/jobs/{job}/media-link").json()["url"]
    assert http.get(link).content == recording
    store.delete(media_of(store, recording))
    for answer in (http.get(f"/jobs/{job}/media"), http.post(f"/jobs/{job}/media-link"), http.get(link)):
        assert code_of(answer) == (410, "media_expired")


def test_a_link_plays_one_recording_without_a_key(place: Place) -> None:
    recording = wav()
    with place.client(place.key("acme").text) as owner, place.client() as stranger:
        job = job_of(submit(owner, recording))
        made = owner.post(f"/jobs/{job}/media-link")
        assert made.status_code == 201
        assert made.headers["location"] == made.json()["url"]
        url = made.json()["url"]
        answer = stranger.get(url, headers={"Range": "bytes=0-9", "Origin": "https://app.example"})
        assert (answer.status_code, answer.content) == (206, recording[:10])
        # Else a page of another origin could not play it.
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        assert answer.headers["access-control-allow-origin"] == "https://app.example"
        assert stranger.head(url).headers["content-length"] == str(len(recording))
        assert code_of(stranger.get(f"/jobs/{job}/media")) == (401, "unauthenticated")
        assert code_of(stranger.get(url + "A")) == (404, "not_found")
        assert code_of(stranger.get(f"{url}/../jobs/{job}"))[0] in (401, 404)
        assert place.log("audit")[-1]["who"] == "link"
        assert url.rpartition("/")[2] not in (place.server.data_dir / "api.log").read_text()


def test_a_link_needs_the_right_to_read_and_no_other(place: Place) -> None:
    with place.client(place.key("acme").text) as owner:
        job = job_of(submit(owner, wav()))
    with place.client(place.key("acme", scopes=("read",)).text) as reader:
        assert reader.post(f"/jobs/{job}/media-link").status_code == 201
    with place.client(place.key("acme", scopes=("submit",)).text) as sender:
        assert code_of(sender.post(f"/jobs/{job}/media-link")) == (403, "scope_missing")


def test_a_link_ends_with_its_job(place: Place) -> None:
    with place.client(place.key("acme").text) as owner, place.client() as stranger:
        job = job_of(submit(owner, wav()))
        url = owner.post(f"/jobs/{job}/media-link").json()["url"]
        # What a deletion does first (docs/explanation/ledger.md).
        [manifest] = (place.server.data_dir / "store" / "manifests").rglob(f"{job}.json")
        manifest.unlink()
        assert code_of(stranger.get(url)) == (404, "unknown_job")


def test_a_large_recording_takes_little_memory_and_is_closed_when_the_client_goes(
    api: ApiServer, http: httpx.Client, store: LocalStore, job: str, recording: bytes
) -> None:
    file = store.path(media_of(store, recording))
    os.truncate(file, LARGE_BYTES)
    api.reset_peak_memory()
    before_kb = api.memory_kb("VmHWM")
    with http.stream("GET", f"/jobs/{job}/media") as answer:
        assert sum(map(len, answer.iter_raw())) == LARGE_BYTES
    # Two pieces of 256 KiB are under way at a time; the rest is what Python's allocator keeps.
    assert api.memory_kb("VmHWM") - before_kb < 30_000
    with socket.create_connection(("127.0.0.1", api.port), timeout=10) as wire:
        wire.sendall(f"GET /jobs/{job}/media HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        assert wire.recv(1000).startswith(b"HTTP/1.1 200 ")
        assert api.holds_open(file)
    wait_until(lambda: not api.holds_open(file), 10, "the recording to be closed")
