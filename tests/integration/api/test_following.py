"""Following a job politely: tags, waiting for news, estimates."""

import asyncio
import threading
import time
from collections.abc import Callable

import httpx

from stenopool.ledger.ledger import Ledger
from tests.integration.api.conftest import wav
from tests.integration.api.scripted_worker import ScriptedWorker
from tests.integration.api.server import ApiServer
from tests.integration.api.test_jobs import job_of, submit

SOON_S = 0.75
"""News are heard a quarter of a second late; three times that is the limit."""


def in_background(act: Callable[[], object], after_s: float) -> threading.Timer:
    timer = threading.Timer(after_s, act)
    timer.start()
    return timer


def test_a_status_that_did_not_change_is_not_sent_again(
    http: httpx.Client, worker: ScriptedWorker, recording: bytes
) -> None:
    job_id = job_of(submit(http, recording))
    first = http.get(f"/jobs/{job_id}")
    tag = first.headers["etag"]
    again = http.get(f"/jobs/{job_id}", headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    worker.prepare()
    changed = http.get(f"/jobs/{job_id}", headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag


def test_a_place_that_moves_is_a_change(http: httpx.Client, worker: ScriptedWorker) -> None:
    job_of(submit(http, wav()))
    second = job_of(submit(http, wav()))
    tag = http.get(f"/jobs/{second}").headers["etag"]
    worker.prepare()
    moved = http.get(f"/jobs/{second}", headers={"If-None-Match": tag})
    assert (moved.status_code, moved.json()["position"]) == (200, 1)


def test_waiting_ends_with_the_job(http: httpx.Client, worker: ScriptedWorker, recording: bytes) -> None:
    job_id = job_of(submit(http, recording))
    timer = in_background(worker.complete, 0.5)
    began = time.monotonic()
    answer = http.get(f"/status/{job_id}", headers={"Prefer": "wait=9"})
    timer.join()
    assert answer.json()["status"] == "completed"
    assert answer.headers["preference-applied"] == "wait=9"
    assert 0.4 < time.monotonic() - began < 0.5 + 3 * SOON_S


def test_waiting_with_a_tag_ends_with_any_change(http: httpx.Client, worker: ScriptedWorker, recording: bytes) -> None:
    job_id = job_of(submit(http, recording))
    tag = http.get(f"/jobs/{job_id}").headers["etag"]
    timer = in_background(worker.prepare, 0.5)
    headers = {"Prefer": "wait=9", "If-None-Match": tag}
    answer = http.get(f"/jobs/{job_id}", headers=headers)
    timer.join()
    assert (answer.status_code, answer.json()["status"]) == (200, "processing")


def test_waiting_in_vain_ends_in_time(http: httpx.Client, worker: ScriptedWorker, recording: bytes) -> None:
    job_id = job_of(submit(http, recording))
    tag = http.get(f"/jobs/{job_id}").headers["etag"]
    began = time.monotonic()
    plain = http.get(f"/jobs/{job_id}", headers={"Prefer": "wait=1"})
    tagged = http.get(f"/jobs/{job_id}", headers={"Prefer": "wait=1", "If-None-Match": tag})
    assert 1.9 < time.monotonic() - began < 6
    assert (plain.status_code, plain.json()["status"], tagged.status_code) == (200, "queued", 304)


def test_a_job_that_has_ended_is_not_waited_for(http: httpx.Client, worker: ScriptedWorker, recording: bytes) -> None:
    job_id = job_of(submit(http, recording))
    worker.complete()
    began = time.monotonic()
    answer = http.get(f"/jobs/{job_id}", headers={"Prefer": "wait=30"})
    assert answer.json()["status"] == "completed"
    assert "retry-after" not in answer.headers
    assert time.monotonic() - began < 5


def test_two_hundred_who_wait_cost_redis_a_few_looks_a_second_and_no_connection_each(
    api: ApiServer, http: httpx.Client, ledger: Ledger, worker: ScriptedWorker, recording: bytes
) -> None:
    job_id = job_of(submit(http, recording))
    client = ledger._client
    connections: list[int] = []
    calls: list[int] = []

    def look() -> None:
        connections.append(int(client.info("clients")["connected_clients"]))
        calls.append(int(client.info("stats")["total_commands_processed"]))

    async def wait_all() -> list[httpx.Response]:
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(base_url=api.address, trust_env=False, timeout=60, limits=limits) as many:
            headers = {"Prefer": "wait=4"}
            return await asyncio.gather(*(many.get(f"/jobs/{job_id}", headers=headers) for _ in range(200)))

    look()
    timers = [in_background(look, 2.0), in_background(look, 3.0)]
    answers = asyncio.run(wait_all())
    for timer in timers:
        timer.join()
    assert {answer.status_code for answer in answers} == {200}
    # Four looks a second and what the test itself asks; each who waits asking for himself would be hundreds.
    assert calls[2] - calls[1] < 60
    assert connections[1] - connections[0] < 50


def test_an_estimate_comes_from_the_speed_of_the_last_runs(
    http: httpx.Client, ledger: Ledger, worker: ScriptedWorker
) -> None:
    job_of(submit(http, wav()))
    worker.prepare()
    span = worker.recognise()
    began = time.monotonic()
    worker_time_s = 0.5
    while time.monotonic() - began < worker_time_s:
        worker.beat(span, 1.0)
    worker.finish(span)
    waiting = job_of(submit(http, wav()))
    assert http.get(f"/jobs/{waiting}").json()["eta_seconds"] is None
    worker.prepare()
    worker.recognise()
    status = http.get(f"/jobs/{waiting}").json()
    # Eight seconds of audio at a speed of some sixteen; older runs of the module make it faster, never much slower.
    assert 0 < status["eta_seconds"] < 3 * worker_time_s
    assert status["done_seconds"] == 0.0
