"""The API as a process: starts with one readable line for what is wrong, stops in order, describes itself."""

import signal
from pathlib import Path
from typing import Any

import httpx
import pytest

from stenopool.local.processes import Child
from stenopool.local.redis_server import RedisServer
from tests.integration.api.conftest import wav
from tests.integration.api.scripted_worker import ScriptedWorker
from tests.integration.api.server import ApiServer
from tests.waiting import wait_until


def ended_with(server: ApiServer) -> str:
    wait_until(lambda: server.child.exit_code is not None, 40, "the process to end")
    assert server.child.exit_code != 0
    log = server.child.log_tail(50)
    assert "Traceback" not in log
    return log


def test_a_wrong_setting_ends_it_with_one_line(own_redis: RedisServer, data_dir: Path) -> None:
    log = ended_with(ApiServer(own_redis.url, data_dir, {"MAX_FILE_SIZE_MB": "much"}, start=Child))
    assert "cannot start: MAX_FILE_SIZE_MB" in log


def test_a_redis_that_throws_data_away_ends_it_with_one_line(own_redis: RedisServer, data_dir: Path) -> None:
    with own_redis.client() as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
    log = ended_with(ApiServer(own_redis.url, data_dir, start=Child))
    assert "cannot start: settings_wrong" in log
    assert "noeviction" in log


def test_it_waits_for_a_redis_that_is_still_starting(own_redis: RedisServer, data_dir: Path) -> None:
    own_redis.stop()
    server = ApiServer(own_redis.url, data_dir, start=Child)
    wait_until(lambda: "Redis does not answer" in server.child.log_tail(50), 20, "the first check")
    own_redis.start()
    with server:
        assert httpx.get(f"{server.address}/health/ready", trust_env=False).status_code == 200


def test_it_stops_in_order(own_redis: RedisServer, data_dir: Path) -> None:
    with ApiServer(own_redis.url, data_dir, start=Child) as server:
        server.child.signal(signal.SIGTERM)
        assert server.child.wait(15)
        log = server.child.log_tail(50)
    assert "api_stopping" in log
    assert "Application shutdown complete" in log
    assert "Traceback" not in log


def test_health_tells_engine_model_and_what_is_missing(http: httpx.Client, worker: ScriptedWorker) -> None:
    # At most a second old: wait for the worker to be seen.
    wait_until(lambda: http.get("/health").json()["status"] == "healthy", 5, "a healthy platform")
    body = http.get("/health").json()
    assert set(body["checks"]) == {"redis", "store", "disk", "model_loaded", "memory_ok", "workers", "beat"}
    assert (body["engine"], body["model"], body["revision"]) == ("faster-whisper", "demo", "0123456789abcdef")
    assert body["workers"] == {"prepare": 1, "recognise": 1}
    worker.leave()
    wait_until(lambda: http.get("/health").json()["status"] == "degraded", 5, "the missing workers to be told")
    body = http.get("/health").json()
    assert "no live worker" in body["checks"]["workers"]["detail"]


def test_the_fake_engine_shows_as_degraded(own_redis: RedisServer, data_dir: Path) -> None:
    settings = {"ENGINE": "fake", "ALLOW_FAKE_ENGINE": "true"}
    with ApiServer(own_redis.url, data_dir, settings) as server:
        answer = httpx.get(f"{server.address}/health", trust_env=False)
        assert answer.status_code == 200
        assert answer.json()["status"] == "degraded"
        assert "fake" in answer.json()["checks"]["model_loaded"]["detail"]
        refused = httpx.post(f"{server.address}/transcribe", files={"file": ("a.wav", wav())}, trust_env=False)
        assert (refused.status_code, refused.json()["code"]) == (503, "no_worker_for_model")


def test_it_sweeps_when_nobody_else_does(own_redis: RedisServer, data_dir: Path) -> None:
    with ApiServer(own_redis.url, data_dir, {"SWEEP_S": "0.2", "BEAT_S": "0.1"}), own_redis.client() as client:
        first = wait_until(lambda: client.get("steno:tick"), 5, "a sweep")
        wait_until(lambda: client.get("steno:tick") != first, 5, "the next sweep")


def references(node: Any) -> set[str]:
    if isinstance(node, dict):
        own = {node["$ref"]} if "$ref" in node else set()
        return own.union(*(references(value) for value in node.values()))
    if isinstance(node, list):
        return set().union(*(references(value) for value in node))
    return set()


def test_the_openapi_document_is_whole(http: httpx.Client) -> None:
    document = http.get("/openapi.json").json()
    # Which routes there are is compared with docs/openapi.json elsewhere.
    assert {"/transcribe", "/status/{job_id}", "/jobs", "/v1/audio/transcriptions"} < set(document["paths"])
    schemas = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert references(document["paths"]) <= schemas
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    form = document["paths"]["/transcribe"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert {"file", "language", "task", "hotwords", "model", "external_id", "metadata"} <= set(form["properties"])


def test_every_problem_a_job_route_may_answer_is_documented(http: httpx.Client) -> None:
    document = http.get("/openapi.json").json()
    for path, method, statuses in (
        (
            "/transcribe",
            "post",
            {"202", "400", "401", "403", "408", "413", "415", "422", "429", "503", "507", "default"},
        ),
        ("/status/{job_id}", "get", {"200", "304", "400", "401", "403", "404", "503", "default"}),
        ("/result/{job_id}", "get", {"200", "304", "400", "401", "403", "404", "409", "410", "422", "503", "default"}),
        ("/jobs", "get", {"200", "400", "401", "403", "422", "503", "default"}),
        (
            "/jobs/{job_id}/retry",
            "post",
            {"202", "400", "401", "403", "404", "409", "410", "429", "503", "507", "default"},
        ),
        ("/job/{job_id}", "delete", {"200", "400", "401", "403", "404", "409", "422", "503", "507", "default"}),
    ):
        responses = document["paths"][path][method]["responses"]
        assert set(responses) == statuses
        for status in statuses - {"200", "202", "304"}:
            assert set(responses[status]["content"]) == {"application/problem+json"}
            reference = responses[status]["content"]["application/problem+json"]["schema"]["$ref"]
            assert reference == "#/components/schemas/Problem"


@pytest.mark.parametrize(
    ("path", "methods"), [("/jobs", "GET, POST"), ("/jobs/1", "DELETE, GET"), ("/health", "GET"), ("/v1/models", "GET")]
)
def test_a_wrong_method_is_answered_with_all_that_are_right(http: httpx.Client, path: str, methods: str) -> None:
    answer = http.put(path)
    assert (answer.status_code, answer.headers["allow"]) == (405, methods)
