"""Calls that wait for their job: time-outs, dropped connections, retries; the work is always done once."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import httpx
import openai
import pytest

from api.streams import PING_S
from stenopool.ledger import operations as op
from stenopool.ledger.ledger import Ledger
from stenopool.ledger.model import Grant
from stenopool.local.redis_server import RedisServer
from stenopool.media.local_store import LocalStore
from stenopool.redis_pools import redis_client
from tests.integration.api.calls import LIMIT_S, answered, calling, client_of, wait_for_work
from tests.integration.api.conftest import POOL
from tests.integration.api.scripted_worker import ScriptedWorker
from tests.integration.api.server import ApiServer
from tests.waiting import wait_until

URL = "/v1/audio/transcriptions"


@contextmanager
def own_api(redis: RedisServer, data_dir: Path, **settings: str) -> Iterator[tuple[ApiServer, ScriptedWorker, Ledger]]:
    """An API with settings of its own, and a worker that is not registered yet."""
    with ApiServer(redis.url, data_dir, settings) as api, redis_client(redis.url) as client:
        ledger = Ledger(client, lambda _bells: None)
        yield api, ScriptedWorker(ledger, LocalStore(data_dir / "store"), POOL), ledger


def begin(worker: ScriptedWorker, ledger: Ledger) -> Grant:
    """The next recording's only span, in work."""
    wait_for_work(ledger)
    worker.prepare()
    return worker.recognise()


def jobs_on(ledger: Ledger, span: Grant) -> int:
    return len(ledger.do(op.jobs_of(span.transcription_id)))


def test_the_file_may_come_first(http: httpx.Client, ledger: Ledger, worker: ScriptedWorker, recording: bytes) -> None:
    # Fields sent as parts without a name keep their place behind the file.
    form: dict[str, tuple[str | None, bytes]] = {
        "file": ("talk.wav", recording),
        "model": (None, b"demo"),
        "response_format": (None, b"text"),
    }
    answer = answered(lambda: http.post(URL, files=form), ledger, worker)
    assert (answer.status_code, answer.text) == (200, "good morning\n")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    job = http.get(f"/status/{answer.headers['x-job-id']}").json()
    assert (job["status"], job["filename"]) == ("completed", "talk.wav")


def test_a_recording_that_is_known_is_answered_at_once(
    http: httpx.Client, ledger: Ledger, worker: ScriptedWorker, recording: bytes
) -> None:
    submitted = http.post("/transcribe", files={"file": ("talk.wav", recording)})
    assert submitted.status_code == 202
    worker.complete("only once")
    answer = http.post(URL, files={"file": ("talk.wav", recording)}, data={"model": "whisper-1"})
    assert answer.json()["text"] == "only once"
    assert worker.claim("prepare") is None


def test_an_error_is_both_a_problem_and_an_error_of_openai(http: httpx.Client, worker: ScriptedWorker) -> None:
    answer = http.post(URL, files={"file": ("talk.wav", b"no recording")}, data={"model": "whisper-1"})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/json")
    body = answer.json()
    assert (body["status"], body["code"], body["type"]) == (400, "not_audio", "urn:stenopool:problem:not_audio")
    assert body["request_id"] == answer.headers["x-request-id"]
    assert body["error"]["code"] == "not_audio"
    assert set(body["error"]) == {"message", "type", "param", "code"}
    nowhere = http.get("/v1/nowhere")
    assert (nowhere.status_code, nowhere.json()["error"]["code"]) == (404, "not_found")


def test_a_stream_pings_before_anybody_works(
    http: httpx.Client, ledger: Ledger, worker: ScriptedWorker, recording: bytes
) -> None:
    form = {"model": "whisper-1", "stream": "true"}
    # Less patient than the pause between two pings.
    with http.stream("POST", URL, files={"file": ("talk.wav", recording)}, data=form, timeout=PING_S / 2) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-cache"
        assert answer.headers["x-accel-buffering"] == "no"
        lines = answer.iter_lines()
        assert next(lines) == ": ping"
        job_id = answer.headers["x-job-id"]
        assert http.get(f"/status/{job_id}").json()["status"] == "queued"
        worker.complete()
        assert '"delta":"good morning"' in "".join(lines)


def test_deltas_come_while_the_recording_is_worked_on_and_go_on_where_an_attempt_began_again(
    http: httpx.Client, ledger: Ledger, worker: ScriptedWorker, recording: bytes
) -> None:
    form = {"model": "whisper-1", "stream": "true"}
    with http.stream("POST", URL, files={"file": ("talk.wav", recording)}, data=form, timeout=LIMIT_S) as answer:
        told = (json.loads(line.removeprefix("data: ")) for line in answer.iter_lines() if line.startswith("data: "))
        first = begin(worker, ledger)
        worker.tell(first, 0, "one", "two")
        assert [next(told)["delta"], next(told)["delta"]] == ["one", " two"]
        worker.give_up(first)
        second = worker.recognise()
        worker.tell(second, 0, "one", "two", "three")
        assert next(told)["delta"] == " three"
        worker.finish_with(second, "one", "two", "three", "four")
        assert list(told) == [
            {"type": "transcript.text.delta", "delta": " four"},
            {"type": "transcript.text.done", "text": "one two three four"},
        ]


def test_a_client_that_drops_leaves_the_work_running_and_joins_it_when_it_comes_again(
    api: ApiServer, http: httpx.Client, ledger: Ledger, worker: ScriptedWorker, recording: bytes
) -> None:
    form = {"file": ("talk.wav", recording)}
    with pytest.raises(httpx.ReadTimeout):
        http.post(URL, files=form, data={"model": "whisper-1"}, timeout=httpx.Timeout(10, read=0.5))
    span = begin(worker, ledger)
    with calling(lambda: http.post(URL, files=form, data={"model": "whisper-1"})) as answer:
        wait_until(lambda: jobs_on(ledger, span) == 2, LIMIT_S, "the second call to join")
        jobs = [job.job_id for job in ledger.do(op.jobs_of(span.transcription_id))]
        assert worker.claim("prepare") is None
        worker.finish(span)
        assert answer.result(LIMIT_S).json()["text"] == "good morning"
    assert answer.result().headers["x-job-id"] in jobs
    assert [http.get(f"/status/{job_id}").json()["status"] for job_id in jobs] == ["completed", "completed"]
    assert "Traceback" not in api.child.log_tail(100)


def test_a_call_that_takes_too_long_is_told_its_job(own_redis: RedisServer, data_dir: Path, recording: bytes) -> None:
    with own_api(own_redis, data_dir, OPENAI_WAIT_S="0.3") as (api, worker, ledger), client_of(api) as client:
        worker.register()
        with pytest.raises(openai.InternalServerError) as caught:
            client.audio.transcriptions.create(model="whisper-1", file=("talk.wav", recording))
        assert (caught.value.status_code, caught.value.code) == (504, "still_running")
        job_id = caught.value.response.headers["x-job-id"]
        assert f"/result/{job_id}" in str(caught.value)
        with pytest.raises(openai.APIError) as streamed:
            list(client.audio.transcriptions.create(model="whisper-1", file=("talk.wav", recording), stream=True))
        assert streamed.value.code == "still_running"
        worker.finish(begin(worker, ledger))
        assert httpx.get(f"{api.address}/result/{job_id}", trust_env=False).json()["text"] == "good morning"


def test_a_retry_after_a_time_out_waits_as_told_and_joins_the_running_work(
    own_redis: RedisServer, data_dir: Path, recording: bytes
) -> None:
    with (
        own_api(own_redis, data_dir, OPENAI_WAIT_S="0.5") as (api, worker, ledger),
        client_of(api, max_retries=20) as client,
    ):
        worker.register()
        began = time.monotonic()
        with calling(
            lambda: client.audio.transcriptions.create(model="whisper-1", file=("talk.wav", recording))
        ) as answer:
            span = begin(worker, ledger)
            wait_until(lambda: jobs_on(ledger, span) == 2, LIMIT_S, "the retry to join")
            # Half a second of waiting, then the second that Retry-After asks for.
            assert time.monotonic() - began > 1.4
            worker.finish(span)
            assert answer.result(LIMIT_S).text == "good morning"
        assert worker.claim("prepare") is None


def test_a_client_that_tells_its_patience_is_answered_before_it_ends(
    api: ApiServer, worker: ScriptedWorker, recording: bytes
) -> None:
    with client_of(api, timeout=2) as client, pytest.raises(openai.InternalServerError) as caught:
        client.audio.transcriptions.create(model="whisper-1", file=("talk.wav", recording))
    assert caught.value.response.headers["x-job-id"]


def sleeping(monkeypatch: pytest.MonkeyPatch, then: Callable[[], object]) -> list[float]:
    """Lets the client sleep no time at all between its tries; what it would have slept, and then ``then`` happens."""
    slept: list[float] = []

    def sleep(duration_s: float) -> None:
        slept.append(duration_s)
        then()

    monkeypatch.setattr("openai._base_client.time", SimpleNamespace(sleep=sleep, time=time.time))
    return slept


def test_a_503_is_tried_again_when_it_says(
    own_redis: RedisServer, data_dir: Path, recording: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with own_api(own_redis, data_dir) as (api, worker, ledger), client_of(api, max_retries=2) as client:
        slept = sleeping(monkeypatch, worker.register)
        answer = answered(
            lambda: client.audio.transcriptions.create(model="whisper-1", file=("talk.wav", recording)), ledger, worker
        )
    # No worker had ever served the model: Retry-After is 30.
    assert (answer.text, slept) == ("good morning", [30.0])


def test_a_429_is_tried_again_when_it_says(
    own_redis: RedisServer, data_dir: Path, recording: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"MAX_JOBS_PER_TRANSCRIPTION": "1"}
    with own_api(own_redis, data_dir, **settings) as (api, worker, _ledger), client_of(api, max_retries=2) as client:
        worker.register()
        httpx.post(f"{api.address}/transcribe", files={"file": ("talk.wav", recording)}, trust_env=False)
        slept = sleeping(monkeypatch, worker.complete)
        answer = client.audio.transcriptions.create(model="whisper-1", file=("talk.wav", recording))
    # The first job's run takes no second one: Retry-After is 30.
    assert (answer.text, slept) == ("good morning", [30.0])
