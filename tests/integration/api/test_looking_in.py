"""Metrics and statistics of a running API: they move, they are one sum, they tell nothing of clients or recordings."""

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from stenopool import metrics
from stenopool.ids import new_id
from stenopool.instruments import names
from stenopool.ledger import operations as op
from stenopool.ledger.ledger import Ledger
from stenopool.ledger.model import Timing
from stenopool.local.redis_server import RedisServer
from stenopool.media.local_store import LocalStore
from stenopool.redis_pools import redis_client
from tests.integration.api.conftest import POOL, wav
from tests.integration.api.scripted_worker import AUDIO_S, ScriptedWorker
from tests.integration.api.server import ApiServer
from tests.integration.metrics.exposed import samples, value
from tests.processes import descendants
from tests.waiting import wait_until

FRESH_S = 5.0
"""Censuses are a second old at most."""


def scrape(http: httpx.Client) -> str:
    answer = http.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return answer.text


def submit(http: httpx.Client, recording: bytes, name: str = "a.wav") -> str:
    answer = http.post("/transcribe", files={"file": (name, recording)})
    assert answer.status_code == 202
    return str(answer.json()["job_id"])


def expire_one(ledger: Ledger) -> None:
    """A claim of a worker that then dies."""
    timing = Timing(lease_ms=30_000, beat_ms=1, sweep_ms=1, gap_ms=1)
    assert ledger.do(op.claim(new_id(), "dead:1:x/2", [POOL], timing)).grant
    ledger.do(op.abandon("dead:1:x/2"))


@dataclass(frozen=True)
class Ground:
    """A platform of one test's own: nothing happened there before, and no census of it is older than the test."""

    server: ApiServer
    http: httpx.Client
    ledger: Ledger
    worker: ScriptedWorker


@pytest.fixture
def ground(servers: Callable[..., ApiServer], own_redis: RedisServer) -> Iterator[Ground]:
    with (
        servers() as server,
        httpx.Client(base_url=server.address, trust_env=False, timeout=10) as http,
        redis_client(own_redis.url) as client,
    ):
        ledger = Ledger(client, lambda _bells: None)
        worker = ScriptedWorker(ledger, LocalStore(server.data_dir / "store"), POOL)
        worker.register()
        yield Ground(server, http, ledger, worker)


@pytest.fixture
def moved(ground: Ground, own_redis: RedisServer, recording: bytes) -> Ground:
    """Something of everything has happened, and some is still going on."""
    http, worker = ground.http, ground.worker
    submit(http, recording, "salary talk.wav")
    worker.complete()
    hit = submit(http, recording)
    http.delete(f"/job/{hit}")
    refused = wav()
    submit(http, refused)
    submit(http, refused)  # A join.
    worker.fail(worker.prepare_only(), "no_audio")
    for _ in range(4):
        submit(http, wav())
    worker.prepare()
    expire_one(ground.ledger)
    worker.prepare()
    worker.recognise()
    ground.ledger.do(op.release(worker.prepare_only().claim_id, delay_ms=60_000))
    http.get("/nowhere")
    with own_redis.client() as client:
        client.hincrby("steno:count", "webhook.delivered", 1)
        client.config_set("maxmemory", 10**9)
    return ground


def test_every_metric_of_the_api_moves(moved: Ground) -> None:
    # A Redis that evicts is refused; that it would be told is tried with the census.
    expected = set(names((*metrics.OF_API, *metrics.OF_LEDGER, *metrics.OF_DISK))) - set(names([metrics.REDIS_EVICTED]))

    def still() -> list[str]:
        told = samples(scrape(moved.http))
        return [name for name in expected if not any((told.get(name) or told.get(f"{name}_sum") or {}).values())]

    with httpx.stream("GET", f"{moved.server.address}/jobs/events", trust_env=False):
        wait_until(lambda: not still() or None, FRESH_S, f"all to move, not {still()}")


def test_each_thing_is_counted_once_and_where_it_belongs(ground: Ground, recording: bytes) -> None:
    http, worker = ground.http, ground.worker

    def counted(name: str, **labels: str) -> float:
        return value(scrape(http), name, **labels)

    submit(http, recording)
    submit(http, recording)
    worker.complete()
    submit(http, recording)
    failing = submit(http, wav())
    worker.fail(worker.prepare_only(), "no_audio")
    assert http.get(f"/result/{failing}").status_code == 409
    cancelled = submit(http, wav())
    http.delete(f"/job/{cancelled}")
    told = "transcription_"
    wait_until(lambda: counted(f"{told}runs_ended_total", state="cancelled", reason="") == 1, FRESH_S, "a fresh census")
    assert counted(f"{told}runs_ended_total", state="completed", reason="") == 1
    assert counted(f"{told}runs_ended_total", state="failed", reason="no_audio") == 1
    assert counted(f"{told}run_duration_seconds_count", state="completed") == 1
    assert counted(f"{told}run_duration_seconds_bucket", state="completed", le="3600.0") == 1
    assert counted(f"{told}attempts_total", stage="prepare") == 2
    assert counted(f"{told}attempts_total", stage="span") == 1
    assert counted(f"{told}cache_hits_total", run="completed") == 1
    assert counted(f"{told}cache_hits_total", run="running") == 1
    assert counted(f"{told}cache_misses_total") == 3
    assert counted(f"{told}submissions_total", outcome="created") == 3
    assert counted(f"{told}problems_total", code="job_failed") == 1
    assert counted(f"{told}requests_total", route="/transcribe", method="POST", status="2xx") == 5
    assert counted(f"{told}requests_total", route="/result/{job_id}", method="GET", status="4xx") == 1
    assert counted(f"{told}upload_bytes_total") > 5 * len(recording)
    # The one that asks is under way itself.
    assert value(scrape(http), f"{told}requests_in_progress") == 1


def test_the_queue_is_told_as_it_is(ground: Ground) -> None:
    http, worker = ground.http, ground.worker

    def told(name: str, **labels: str) -> float:
        return value(scrape(http), f"transcription_{name}", **labels)

    submit(http, wav())
    submit(http, wav())
    worker.prepare()
    wait_until(lambda: told("queue_depth", pool=POOL) == 1, FRESH_S, "the span to be told")
    assert told("queue_depth", pool="prepare") == 1
    assert told("queue_audio_seconds", pool=POOL) == AUDIO_S
    assert told("workers", pool=POOL) == 1
    worker.recognise()
    wait_until(lambda: told("units_held", stage="span") == 1, FRESH_S, "the claim to be told")
    assert told("queue_depth", pool=POOL) == 0
    assert told("units_open", pool=POOL) == 1
    wait_until(lambda: told("queue_age_seconds", pool="prepare") > 1, FRESH_S, "the age of the other to grow")


@pytest.mark.needs("promtool")
def test_promtool_finds_nothing_to_say(moved: Ground) -> None:
    checked = subprocess.run(
        ["promtool", "check", "metrics"], input=scrape(moved.http), capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_threat_20_nothing_is_told_of_clients_or_recordings(moved: Ground) -> None:
    http = moved.http
    job_id = submit(http, wav(), "salary talk.wav")
    http.get(f"/status/{job_id}", params={"key": "sk_secret"})
    http.get("/sk_secret")
    for text in (scrape(http), http.get("/stats").text, moved.server.child.command.log.read_text()):
        assert "salary" not in text
        assert "sk_secret" not in text
    assert job_id not in scrape(http)


def test_the_log_has_one_line_for_a_request(api: ApiServer, http: httpx.Client) -> None:
    http.get("/openapi.json?key=1", headers={"X-Request-ID": "asked-by-me"})

    def told_lines() -> list[dict[str, Any]]:
        return [json.loads(line) for line in api.child.command.log.read_text().splitlines() if "asked-by-me" in line]

    # It is written when the answer has gone out whole.
    lines = wait_until(told_lines, 5, "the line")
    assert len(lines) == 1
    told = {name: lines[0][name] for name in ("event", "level", "route", "method", "status", "request_id")}
    assert told == {
        "event": "request",
        "level": "info",
        "route": "/openapi.json",
        "method": "GET",
        "status": 200,
        "request_id": "asked-by-me",
    }
    assert lines[0]["ms"] >= 0


def test_statistics_tell_queue_workers_and_cache(ground: Ground, recording: bytes) -> None:
    http = ground.http
    submit(http, recording)
    ground.worker.complete()
    submit(http, recording)
    submit(http, wav())

    def told() -> Any:
        body = http.get("/stats").json()
        return body if body["queue"]["prepare"]["waiting_jobs"] == 1 else None

    body = wait_until(told, FRESH_S, "the waiting job to be told")
    assert body["cache"] == {"hits": 1, "joined": 0, "misses": 2, "hit_rate": pytest.approx(1 / 3)}
    assert body["ended"] == {"completed": 1, "failed": 0, "cancelled": 0}
    (recogniser,) = [one for one in body["workers"] if one["model"]]
    assert recogniser["pools"] == [POOL]
    assert [recogniser[name] for name in ("engine", "model", "compute_type", "device", "work")] == [
        *("faster-whisper", "demo", "int8", "cpu", "idle")
    ]


def test_without_redis_metrics_are_told_and_statistics_are_not(
    servers: Callable[..., ApiServer], own_redis: RedisServer
) -> None:
    with servers() as server, httpx.Client(base_url=server.address, trust_env=False, timeout=10) as http:
        assert value(scrape(http), "transcription_ledger_up") == 1
        own_redis.stop()
        wait_until(lambda: value(scrape(http), "transcription_ledger_up") == 0 or None, 10, "the outage to be told")
        told = scrape(http)
        assert "transcription_queue_depth" not in told
        assert value(told, "transcription_requests_total", route="/metrics", method="GET", status="2xx") > 0
        answer = http.get("/stats")
        assert (answer.status_code, answer.json()["code"]) == (503, "ledger_unavailable")


def ask_each(server: ApiServer, path: str, times: int) -> list[httpx.Response]:
    """Each time on a connection of its own, so that either process answers."""

    def ask(_: int) -> httpx.Response:
        return httpx.get(f"{server.address}{path}", trust_env=False, timeout=10)

    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(ask, range(times)))


UNMATCHED = {"route": "unmatched", "method": "GET", "status": "4xx"}


def wait_counted(server: ApiServer, number: int) -> None:
    """Until that many strange requests are counted, which is after each was answered."""

    def is_counted() -> bool:
        (scraped,) = ask_each(server, "/metrics", 1)
        return value(scraped.text, "transcription_requests_total", **UNMATCHED) == number

    wait_until(is_counted, 10, f"{number} counts")


@pytest.fixture
def two(servers: Callable[..., ApiServer]) -> Iterator[ApiServer]:
    """A server of two processes, both ready."""
    with servers(arguments=("--workers", "2")) as server:
        log = server.child.command.log
        wait_until(lambda: log.read_text().count("Application startup complete") == 2, 20, "the second process")
        yield server


def test_two_processes_tell_one_sum_on_every_scrape(two: ApiServer) -> None:
    assert {answer.status_code for answer in ask_each(two, "/nowhere/at/all", 101)} == {404}
    wait_counted(two, 101)
    told = [value(answer.text, "transcription_requests_total", **UNMATCHED) for answer in ask_each(two, "/metrics", 20)]
    assert told == [101.0] * 20
    # Both have answered: else one process alone would have told this.
    own = list((two.data_dir / "run").glob("metrics-api-*/counter_*.db"))
    assert len([file for file in own if b"transcription_requests" in file.read_bytes()]) == 2


def test_a_killed_process_leaves_its_counts_and_takes_its_requests_along(two: ApiServer) -> None:
    ask_each(two, "/nowhere", 30)
    wait_counted(two, 30)
    (group,) = (two.data_dir / "run").glob("metrics-api-*")
    workers = {int(file.name.removeprefix("member-")) for file in group.glob("member-*")}
    assert len(workers) == 2
    killed = max(workers)
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: descendants(two.child.pid) & workers == workers - {killed}, 10, "its death")
    with httpx.Client(base_url=two.address, trust_env=False, timeout=10) as http:
        wait_until(lambda: not (group / f"member-{killed}").exists() if scrape(http) else None, 20, "its burial")
        wait_until(lambda: len(list(group.glob("member-*"))) == 2, 20, "its successor")
        told = scrape(http)
        assert value(told, "transcription_requests_total", **UNMATCHED) == 30
        assert value(told, "transcription_requests_in_progress") == 1


def test_a_server_that_stops_in_order_leaves_no_metrics_behind(servers: Callable[..., ApiServer]) -> None:
    with servers() as server:
        run_dir = server.data_dir / "run"
        assert list(run_dir.glob("metrics-api-*"))
    assert not list(run_dir.glob("metrics-api-*"))
