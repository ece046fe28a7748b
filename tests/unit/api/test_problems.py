"""Problems: every code has one status and one shape; what is ours stays in the log."""

import asyncio
import json
from typing import Any

import pytest
from fastapi import FastAPI, Query
from starlette.requests import Request

from api.middleware import RequestId
from api.problems import MEDIA_TYPE, STATUS, add_problem_handlers, problem_response
from api.services.lookup import JobFailedError
from stenopool.errors import ErrorCode, FatalError, TransientError, UsageError
from stenopool.reasons import REASON_CODES, reason


def call(app: Any, path: str, headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], Any]:
    """One GET straight into the app: status, headers, JSON body."""
    sent: list[dict[str, Any]] = []
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()],
        "server": ("127.0.0.1", 80),
        "scheme": "http",
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], found, json.loads(b"".join(message.get("body", b"") for message in sent[1:]))


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI()
    add_problem_handlers(app)
    app.add_middleware(RequestId)

    @app.get("/usage")
    async def _usage() -> None:
        raise UsageError(ErrorCode.EMPTY_FILE, "the file is empty", "check the recording")

    @app.get("/transient")
    async def _transient() -> None:
        raise TransientError(ErrorCode.QUEUE_FULL, "too many", retry_after_s=30)

    @app.get("/fatal")
    async def _fatal() -> None:
        raise FatalError(ErrorCode.INTERNAL_ERROR, "cannot open /secret/path", "look at /secret")

    @app.get("/unexpected")
    async def _unexpected() -> None:
        raise ValueError("redis://:password@host")

    @app.get("/failed")
    async def _failed() -> None:
        raise JobFailedError(reason("undecodable_media", "no frame was found"))

    @app.get("/validated")
    async def _validated(number: int = Query()) -> int:
        return number

    return app


def test_every_code_has_a_status() -> None:
    assert set(STATUS) == set(ErrorCode)
    assert all(400 <= status <= 599 for status in STATUS.values())


def test_every_code_that_ends_a_job_has_a_text_of_its_own() -> None:
    codes = list(ErrorCode)
    # In errors.py the reasons of failed jobs stand last.
    assert set(codes[codes.index(ErrorCode.UNDECODABLE_MEDIA) :]) <= REASON_CODES


def test_a_reason_of_a_newer_release_keeps_its_code() -> None:
    why = reason("eaten_by_dog")
    assert why.code == "eaten_by_dog"
    assert why.message
    assert why.hint


def test_a_usage_error_is_a_whole_problem(app: FastAPI) -> None:
    status, headers, body = call(app, "/usage", {"X-Request-ID": "abc-1"})
    assert status == 422
    assert headers["content-type"] == MEDIA_TYPE
    assert body == {
        "type": "urn:stenopool:problem:empty_file",
        "title": "Empty file",
        "status": 422,
        "detail": "the file is empty",
        "code": "empty_file",
        "hint": "check the recording",
        "instance": "/usage",
        "request_id": "abc-1",
    }


def test_a_transient_error_says_when_to_try_again(app: FastAPI) -> None:
    status, headers, _ = call(app, "/transient")
    assert (status, headers["retry-after"]) == (503, "30")


@pytest.mark.parametrize("path", ["/fatal", "/unexpected"])
def test_a_fault_of_ours_tells_no_internals(app: FastAPI, path: str) -> None:
    status, headers, body = call(app, path)
    assert status == 500
    assert headers["content-type"] == MEDIA_TYPE
    assert body["code"] == "internal_error"
    assert body["request_id"] == headers["x-request-id"]
    assert "secret" not in str(body)
    assert "password" not in str(body)


def test_a_failed_job_tells_why(app: FastAPI) -> None:
    status, _, body = call(app, "/failed")
    assert status == 409
    assert body["code"] == "job_failed"
    assert body["error"]["code"] == "undecodable_media"
    assert "no frame was found" in body["error"]["message"]
    assert body["error"]["hint"]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [("/nowhere", 404, "not_found"), ("/validated", 422, "invalid_request")],
)
def test_errors_of_the_framework_are_problems_too(app: FastAPI, path: str, status: int, code: str) -> None:
    got, headers, body = call(app, path)
    assert (got, headers["content-type"], body["code"]) == (status, MEDIA_TYPE, code)


@pytest.mark.parametrize("bad", ["", "a" * 65, "a b", "a\tb", "<x>"])
def test_a_request_id_that_could_harm_a_log_is_replaced(app: FastAPI, bad: str) -> None:
    headers = call(app, "/usage", {"X-Request-ID": bad})[1]
    assert headers["x-request-id"] != bad
    assert len(headers["x-request-id"]) == 32


def test_a_problem_needs_no_request_id() -> None:
    request = Request({"type": "http", "method": "GET", "path": "/x", "headers": [], "query_string": b""})
    body = json.loads(bytes(problem_response(request, UsageError(ErrorCode.NOT_FOUND, "gone")).body))
    assert "request_id" not in body
