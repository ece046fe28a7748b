"""What is kept of a request: its route, never its address, whatever it holds."""

import asyncio
import logging
from typing import Any

import httpx
import pytest
import structlog
from fastapi import FastAPI, Request
from prometheus_client import CollectorRegistry, generate_latest

from api.middleware import RequestId
from api.request_record import RequestRecord
from stenopool import instruments, metrics
from tests.integration.metrics.exposed import samples, value


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What was counted in this test."""
    registry = CollectorRegistry()
    monkeypatch.setattr(instruments, "_registries", [registry])
    for metric in metrics.OF_API:
        monkeypatch.setattr(metric, "_made", None)
    return lambda: generate_latest(registry).decode()


def make_app() -> FastAPI:
    app = FastAPI()

    @app.post("/things/{thing_id}")
    async def thing(thing_id: str, request: Request) -> dict[str, int]:
        return {"bytes": len(await request.body())}

    @app.get("/broken")
    async def broken() -> None:
        raise ValueError("it broke")

    @app.get("/health/live")
    async def live() -> None: ...

    app.add_middleware(RequestRecord)
    app.add_middleware(RequestId)
    return app


def ask(*requests: tuple[str, str, bytes]) -> list[int]:
    async def all_of_them() -> list[int]:
        transport = httpx.ASGITransport(make_app())
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return [
                (await client.request(method, path, content=content)).status_code for method, path, content in requests
            ]

    return asyncio.run(all_of_them())


def test_requests_are_counted_by_route_method_and_class_of_status(told: Any) -> None:
    assert ask(("POST", "/things/1", b"abc"), ("POST", "/things/2?key=sk_1", b"de"), ("GET", "/things/3", b"")) == [
        *(200, 200, 405)
    ]
    found = samples(told())["transcription_requests_total"]
    assert found == {
        (("method", "POST"), ("route", "/things/{thing_id}"), ("status", "2xx")): 2,
        (("method", "GET"), ("route", "/things/{thing_id}"), ("status", "4xx")): 1,
    }
    count = "transcription_request_duration_seconds_count"
    assert value(told(), count, route="/things/{thing_id}", method="POST") == 2


def test_whoever_tries_addresses_and_methods_makes_no_new_series(told: Any) -> None:
    ask(("GET", "/0", b""), ("BREW", "/0", b""))
    before = len(samples(told())["transcription_requests_total"])
    ask(*((method, f"/{path}/sk_{path}", b"") for path in range(20) for method in ("GET", "BREW", f"M{path}")))
    assert len(samples(told())["transcription_requests_total"]) == before
    assert value(told(), "transcription_requests_total", route="unmatched", method="other", status="4xx") == 41


def test_bytes_of_bodies_are_counted(told: Any) -> None:
    ask(("POST", "/things/1", b"x" * 100_000))
    assert value(told(), "transcription_upload_bytes_total") == 100_000


def test_a_fault_is_a_5xx_and_nothing_stays_in_progress(told: Any) -> None:
    assert ask(("GET", "/broken", b"")) == [500]
    assert value(told(), "transcription_requests_total", route="/broken", method="GET", status="5xx") == 1
    assert samples(told())["transcription_requests_in_progress"] == {(): 0}


def test_the_log_has_the_route_and_the_request_id_and_nothing_of_the_address(told: Any) -> None:
    with structlog.testing.capture_logs([structlog.contextvars.merge_contextvars]) as lines:
        ask(("POST", "/things/secret-id?api_key=sk_secret", b""), ("SECRETS", "/secret/path", b""))
    records = [line for line in lines if line["event"] == "request"]
    assert [(line["route"], line["method"], line["status"]) for line in records] == [
        ("/things/{thing_id}", "POST", 200),
        ("unmatched", "other", 404),
    ]
    assert all(len(line["request_id"]) == 32 and line["ms"] > 0 for line in records)
    assert "secret" not in str(records)


def test_probes_are_logged_for_debugging_only(told: Any) -> None:
    with structlog.testing.capture_logs() as lines:
        ask(("GET", "/health/live", b""))
    assert [line["log_level"] for line in lines if line["event"] == "request"] == [
        logging.getLevelName(logging.DEBUG).lower()
    ]
