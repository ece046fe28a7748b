"""A server for your own tests: it lives in the process, takes recordings and transcribes every one alike.

    server = MockServer("Good morning.")
    with server.client() as client:
        assert client.wait_for_result(client.submit(b"RIFF…").job_id).text == "Good morning."

A job goes one step on each time it is looked at: queued, processing, ended. It is no copy of Stenopool: options are not
judged, every file is a recording, and what it cannot do is ``404 not_found``.
"""

import json
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote

import httpx

from stenopool_client._async_client import AsyncClient
from stenopool_client._client import Client
from stenopool_client._rules import Retries

URL: Final = "http://stenopool.test"
_TIME: Final = "2026-11-01T12:00:00Z"
_KINDS: Final = {"text": "text/plain", "srt": "application/x-subrip", "vtt": "text/vtt"}
_AT_ONCE: Final = Retries(base_s=0, cap_s=0, patience_s=60)


@dataclass(slots=True)
class Submission:
    """What was submitted, and what became of it."""

    job_id: str
    filename: str
    content: bytes
    fields: dict[str, str]
    idempotency_key: str | None
    status: str = "queued"
    error: dict[str, str] | None = None
    """Why it will fail; None for one that will be completed."""
    tries: int = field(default=1)


class MockServer:
    """A Stenopool without speech recognition. ``transport`` plugs it into any httpx client."""

    def __init__(self, text: str = "Good morning.") -> None:
        self.text = text
        self.submissions: list[Submission] = []
        self.requests: list[httpx.Request] = []
        """Every request that came, refused ones too."""
        self.transport = httpx.MockTransport(self._answer)
        self._faults: deque[httpx.Response | None] = deque()
        self._reasons: deque[dict[str, str]] = deque()

    def client(self, retries: Retries = _AT_ONCE) -> Client:
        """A client of this server that waits for nothing."""
        return Client(URL, "sk_test", retries=retries, transport=self.transport)

    def async_client(self, retries: Retries = _AT_ONCE) -> AsyncClient:
        """The same, to be awaited."""
        return AsyncClient(URL, "sk_test", retries=retries, transport=self.transport)

    def refuse_next(self, status: int, code: str, *, retry_after_s: int | None = None, times: int = 1) -> None:
        """The next requests are refused so."""
        self._faults.extend(_problem(status, code, retry_after_s=retry_after_s) for _ in range(times))

    def break_next(self, times: int = 1) -> None:
        """The next requests find nobody."""
        self._faults.extend([None] * times)

    def fail_next(self, code: str = "undecodable_media", message: str = "The file could not be decoded.") -> None:
        """The next job that is submitted will fail."""
        self._reasons.append({"code": code, "message": message, "hint": "send another"})

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self._faults:
            fault = self._faults.popleft()
            if fault is None:
                raise httpx.ConnectError("nobody listens here", request=request)
            return fault
        for method, pattern, route in self._routes():
            found = re.fullmatch(pattern, request.url.path)
            if found and method == request.method:
                return route(request, *(unquote(part) for part in found.groups()))
        return _problem(404, "not_found")

    def _routes(self) -> list[tuple[str, str, Callable[..., httpx.Response]]]:
        job = "/jobs/([^/]+)"
        return [
            ("POST", "/transcribe", self._submit),
            ("GET", "/jobs", self._list),
            ("GET", "/jobs/events", lambda _: _stream([("reload", {})])),
            ("GET", job, self._status),
            ("GET", f"{job}/result", self._result),
            ("GET", f"{job}/events", self._events),
            (
                "GET",
                f"{job}/media",
                lambda _, job_id: self._of(job_id, lambda one: httpx.Response(200, content=one.content)),
            ),
            ("POST", f"{job}/retry", self._retry),
            ("DELETE", job, self._remove),
            ("GET", "/health", lambda _: httpx.Response(200, json=_HEALTH)),
            ("GET", "/v1/models", lambda _: httpx.Response(200, json={"object": "list", "data": [{"id": "base"}]})),
        ]

    def _of(self, job_id: str, answer: Callable[[Submission], httpx.Response]) -> httpx.Response:
        found = [one for one in self.submissions if one.job_id == job_id]
        return answer(found[0]) if found else _problem(404, "unknown_job")

    def _submit(self, request: httpx.Request) -> httpx.Response:
        key = request.headers.get("Idempotency-Key")
        known = [one for one in self.submissions if key and one.idempotency_key == key]
        if known:
            return httpx.Response(202, json=_accepted(known[0]), headers={"Idempotent-Replayed": "true"})
        filename, content, fields = _form(request)
        job = Submission(f"{len(self.submissions) + 1:032x}", filename, content, fields, key)
        job.error = self._reasons.popleft() if self._reasons else None
        self.submissions.append(job)
        return httpx.Response(202, json=_accepted(job), headers={"Retry-After": "1"})

    def _list(self, request: httpx.Request) -> httpx.Response:
        states = request.url.params.get_list("state")
        name = request.url.params.get("external_id")
        jobs = [
            _status(job)
            for job in reversed(self.submissions)
            if (not states or job.status in states) and name in (None, job.fields.get("external_id"))
        ]
        first, limit = int(request.url.params.get("after") or 0), int(request.url.params.get("limit") or 20)
        more = len(jobs) > first + limit
        page = {"data": jobs[first : first + limit], "has_more": more, "next": str(first + limit) if more else None}
        return httpx.Response(200, json=page)

    def _status(self, request: httpx.Request, job_id: str) -> httpx.Response:
        def look(job: Submission) -> httpx.Response:
            told = _status(job)
            _advance(job)
            held = {"Preference-Applied": request.headers["Prefer"]} if "Prefer" in request.headers else {}
            return httpx.Response(200, json=told, headers={"ETag": f'W/"{told["status"]}"', **held})

        return self._of(job_id, look)

    def _result(self, request: httpx.Request, job_id: str) -> httpx.Response:
        def look(job: Submission) -> httpx.Response:
            if job.status == "failed":
                return _problem(409, "job_failed", error=job.error)
            if job.status != "completed":
                return _problem(409, "job_cancelled" if job.status == "cancelled" else "not_finished")
            form = request.url.params.get("format", "json")
            if form == "json":
                return httpx.Response(200, json=_result(job, self.text))
            return httpx.Response(
                200, text=_written(self.text, form), headers={"Content-Type": _KINDS.get(form, "text/plain")}
            )

        return self._of(job_id, look)

    def _events(self, _request: httpx.Request, job_id: str) -> httpx.Response:
        def look(job: Submission) -> httpx.Response:
            told: list[tuple[str, dict[str, Any]]] = [(job.status, _status(job))]
            while job.status in ("queued", "processing"):
                _advance(job)
                if job.status == "completed":
                    told.append(("segment", {"job_id": job.job_id, "span": 0, "segment": _segment(self.text)}))
                told.append((job.status, _status(job)))
            return _stream(told)

        return self._of(job_id, look)

    def _retry(self, _request: httpx.Request, job_id: str) -> httpx.Response:
        def again(job: Submission) -> httpx.Response:
            if job.status not in ("failed", "cancelled"):
                return _problem(409, "not_retryable")
            job.status, job.error, job.tries = "queued", None, job.tries + 1
            return httpx.Response(202, json=_accepted(job))

        return self._of(job_id, again)

    def _remove(self, request: httpx.Request, job_id: str) -> httpx.Response:
        def remove(job: Submission) -> httpx.Response:
            has_ended = job.status in ("completed", "failed", "cancelled")
            if has_ended and request.url.params.get("only") == "active":
                if job.status != "cancelled":
                    return _problem(409, "job_ended")
            elif has_ended:
                self.submissions.remove(job)
                return httpx.Response(200, json={"job_id": job_id, "status": "deleted", "message": "deleted"})
            job.status = "cancelled"
            return httpx.Response(200, json={"job_id": job_id, "status": "cancelled", "message": "cancelled"})

        return self._of(job_id, remove)


def _advance(job: Submission) -> None:
    end = "failed" if job.error else "completed"
    job.status = {"queued": "processing", "processing": end}.get(job.status, job.status)


def _form(request: httpx.Request) -> tuple[str, bytes, dict[str, str]]:
    boundary = request.headers["Content-Type"].partition("boundary=")[2].encode()
    filename, content, fields = "", b"", {}
    for part in request.content.split(b"--" + boundary)[1:-1]:
        head, _, body = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        names = dict(re.findall(r'(\w+)="([^"]*)"', head.decode()))
        if "filename" in names:
            filename, content = names["filename"].replace("%22", '"'), body.removesuffix(b"\r\n")
        else:
            fields[names["name"]] = body.removesuffix(b"\r\n").decode()
    return filename, content, fields


def _accepted(job: Submission) -> dict[str, str]:
    return {"job_id": job.job_id, "status": job.status, "message": f"The job is {job.status}."}


def _status(job: Submission) -> dict[str, Any]:
    has_ended = job.status in ("completed", "failed", "cancelled")
    metadata = json.loads(job.fields.get("metadata", "null"))
    told: dict[str, Any] = {
        **_accepted(job),
        **dict.fromkeys(("stage", "position", "eta_seconds", "estimated_duration", "media_ttl", "result_ttl")),
        "filename": job.filename,
        "progress": {"processing": 0.5, "completed": 1.0}.get(job.status, 0.0),
        "done_seconds": 0.0,
        "attempts": job.tries,
        "cached": False,
        "created_at": _TIME,
        "started_at": None if job.status == "queued" else _TIME,
        "ended_at": _TIME if has_ended else None,
        "duration": 1.0,
        "model": job.fields.get("model", "base"),
        "options": {},
        "external_id": job.fields.get("external_id"),
        "metadata": metadata,
        "warnings": [],
    }
    return told | ({"error": job.error} if job.status == "failed" else {})


def _segment(text: str) -> dict[str, Any]:
    return {"start": 0.0, "end": 1.0, "text": text, "confidence": 0.9}


def _result(job: Submission, text: str) -> dict[str, Any]:
    return {
        "job_id": job.job_id,
        "status": "completed",
        "text": text,
        "segments": [_segment(text)],
        "language": job.fields.get("language", "en"),
        "language_probability": None,
        "duration": 1.0,
        "speech_duration": 1.0,
        "task": job.fields.get("task", "transcribe"),
        "engine": "mock",
        "model": "base",
        "revision": "1",
        "options": {},
        "warnings": [],
        "processing_seconds": 0.0,
        "cached": False,
    }


def _written(text: str, form: str) -> str:
    return {
        "srt": f"1\n00:00:00,000 --> 00:00:01,000\n{text}\n",
        "vtt": f"WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n{text}\n",
        "tsv": f"start\tend\ttext\n0\t1000\t{text}\n",
    }.get(form, f"{text}\n")


def _stream(events: list[tuple[str, dict[str, Any]]]) -> httpx.Response:
    body = "".join(
        f"event: {name}\ndata: {json.dumps(data)}\nid: {number}\n\n" for number, (name, data) in enumerate(events)
    )
    return httpx.Response(200, text=body, headers={"Content-Type": "text/event-stream"})


def _problem(
    status: int, code: str, *, retry_after_s: int | None = None, error: dict[str, str] | None = None
) -> httpx.Response:
    said = {
        "type": code,
        "title": code,
        "status": status,
        "detail": f"It is {code}.",
        "code": code,
        "hint": "",
        "instance": "/",
    }
    headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
    return httpx.Response(status, json=said | ({"error": error} if error else {}), headers=headers)


_HEALTH: Final = {
    "status": "healthy",
    "checks": {},
    "engine": "mock",
    "model": "base",
    "revision": "1",
    "workers": {},
    "waiting": 0,
    "waiting_seconds": 0.0,
    "version": "0.0.0",
}
