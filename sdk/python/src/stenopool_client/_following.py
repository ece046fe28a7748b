"""Events and waiting: a stream that comes back where it was cut, and three ways to hear of a job's end."""

import json
from collections.abc import Callable
from typing import Any, Final, TypeVar

import httpx

from stenopool_client._decoding import decoded
from stenopool_client._flows import job_path, result
from stenopool_client._rules import Rules, body_of, no_answer, retry_after, sent
from stenopool_client._sse import ServerSentEvent, SseParser
from stenopool_client._steps import Answer, Call, Emit, Flow, Pause, Read, Stream, consumed
from stenopool_client.errors import (
    JobCancelledError,
    JobFailedError,
    NotFoundError,
    StenopoolError,
    UnauthorizedError,
    UnexpectedAnswerError,
    WaitTimeoutError,
)
from stenopool_client.events import (
    AnyEvent,
    JobEvent,
    JobStateEvent,
    ProgressEvent,
    ReloadEvent,
    SegmentEvent,
    SpanRestartedEvent,
    StatusEvent,
)
from stenopool_client.models import ENDED, JobStatus, Reason, Result, Segment

E = TypeVar("E")
OnEvent = Callable[[JobEvent], None]
"""Told of each event while a job is waited for."""

_STREAM_REST_S: Final = 15.0
"""A stream is heard from every ten seconds; with less time than this left, a long poll keeps it to the second."""

_HELD_S: Final = 25
_STATUSES: Final = ENDED | {"queued", "processing", "progress"}
_STATES: Final = ENDED | {"queued", "processing", "deleted"}


def job_events(rules: Rules, job_id: str, last_id: str | None, until: float | None = None) -> Stream[JobEvent]:
    """Events of one job up to its end; with ``until`` no longer than about that time of the clock."""
    return _events(rules, job_path(job_id, "/events"), last_id, _job_event, until)


def all_events(rules: Rules, last_id: str | None) -> Stream[AnyEvent]:
    """Events of all jobs, without end."""
    return _events(rules, "/jobs/events", last_id, _any_event, None)


def _events(
    rules: Rules,
    path: str,
    last_id: str | None,
    meaning: Callable[[ServerSentEvent], E | None],
    until: float | None,
) -> Stream[E]:
    failures = 0
    while True:
        parser = SseParser(last_id)
        resumed = {"Last-Event-ID": last_id} if last_id else {}
        call = Call("GET", path, headers={"Accept": "text/event-stream", **resumed}, streamed=True, may_repeat=True)
        answer: Answer = yield from sent(rules, call)
        if answer.status == 204:
            return
        _require_stream(answer)
        cut = httpx.TransportError("the stream of events ended")
        try:
            while piece := (yield Read()):
                for raw in parser.feed(piece):
                    failures, last_id = 0, raw.id
                    event = meaning(raw)
                    if event is not None:
                        yield Emit(event)
                    if isinstance(event, StatusEvent) and event.is_last:
                        return
                last_id = parser.last_id
                if until is not None and rules.clock() >= until:
                    return
        except httpx.TransportError as fault:
            cut = fault
        failures += 1
        if failures > rules.retries.limit:
            raise no_answer(cut)
        yield Pause(rules.backoff(failures) if parser.retry_s is None else parser.retry_s)


def _require_stream(answer: Answer) -> None:
    if not answer.headers.get("Content-Type", "").startswith("text/event-stream"):
        raise UnexpectedAnswerError("the answer is no stream of events: is Stenopool at this address?")


def _job_event(event: ServerSentEvent) -> JobEvent | None:
    if event.event in _STATUSES:
        kind: Any = event.event
        return StatusEvent(kind, decoded(JobStatus, _json(event)), event.id)
    return _text_event(event)


def _any_event(event: ServerSentEvent) -> AnyEvent | None:
    if event.event == "reload":
        return ReloadEvent(event.id)
    if event.event in _STATES:
        body = _json(event)
        reason = decoded(Reason, body["error"]) if body.get("error") else None
        return JobStateEvent(body["job_id"], body["status"], reason, event.id)
    if event.event == "progress":
        body = _json(event)
        return ProgressEvent(
            _jobs_of(body), body["progress"], body.get("done_seconds", 0.0), body.get("duration"), event.id
        )
    return _text_event(event)


def _text_event(event: ServerSentEvent) -> SegmentEvent | SpanRestartedEvent | None:
    if event.event == "segment":
        body = _json(event)
        return SegmentEvent(_jobs_of(body), body["span"], decoded(Segment, body["segment"]), event.id)
    if event.event == "span_restarted":
        body = _json(event)
        return SpanRestartedEvent(_jobs_of(body), body["span"], event.id)
    return None


def _jobs_of(body: Any) -> tuple[str, ...]:
    return tuple(body["job_ids"]) if "job_ids" in body else (body["job_id"],)


def _json(event: ServerSentEvent) -> Any:
    try:
        return json.loads(event.data)
    except ValueError as error:
        raise UnexpectedAnswerError(f"the event {event.event} holds no JSON") from error


def wait_for_end(rules: Rules, job_id: str, timeout_s: float | None, on_event: OnEvent | None) -> Flow[JobStatus]:
    """Waits by events, else by long polls, else by polls.

    Raises:
        WaitTimeoutError: it took longer than ``timeout_s``.
    """
    until = None if timeout_s is None else rules.clock() + timeout_s
    ends: list[JobStatus] = []

    def take(event: JobEvent) -> None:
        if isinstance(event, StatusEvent) and event.is_last:
            ends.append(event.status)
        if on_event is not None:
            on_event(event)

    if until is None or rules.clock() < until - _STREAM_REST_S:
        stream = job_events(rules, job_id, None, None if until is None else until - _STREAM_REST_S)
        try:
            yield from consumed(stream, take)
        except (UnauthorizedError, NotFoundError):
            raise
        except StenopoolError:
            # No stream is to be had: too many listen, or something in between does not let it through. Asking still works.
            pass
    if ends:
        return ends[0]
    return (yield from _polled(rules, job_id, until, timeout_s or 0.0, take))


def _polled(
    rules: Rules, job_id: str, until: float | None, timeout_s: float, take: Callable[[JobEvent], None]
) -> Flow[JobStatus]:
    etag, is_first = "", True
    while True:
        left = _HELD_S if until is None else min(_HELD_S, until - rules.clock())
        if left <= 0 and not is_first:
            raise WaitTimeoutError(job_id, timeout_s)
        held = {"If-None-Match": etag, "Prefer": f"wait={max(1, int(left))}"} if etag else {}
        answer: Answer = yield from sent(rules, Call("GET", job_path(job_id), headers=held, may_repeat=True))
        if answer.status != 304:
            status = decoded(JobStatus, body_of(answer))
            take(StatusEvent(status.status if status.has_ended else "progress", status))
            if status.has_ended:
                return status
        etag = answer.headers.get("ETag", etag)
        was_held = "Preference-Applied" in answer.headers
        if not is_first and not was_held:
            # Nobody holds the answer back here: ask as seldom as the server says.
            seconds = max(retry_after(answer) or 0.0, rules.backoff(3))
            yield Pause(seconds if until is None else max(0.0, min(seconds, until - rules.clock())))
        is_first = False


def wait_for_result(rules: Rules, job_id: str, timeout_s: float | None, on_event: OnEvent | None) -> Flow[Result]:
    """The transcript once it is there.

    Raises:
        JobFailedError: it failed.
        JobCancelledError: it was cancelled.
        WaitTimeoutError: it took longer than ``timeout_s``.
    """
    status = yield from wait_for_end(rules, job_id, timeout_s, on_event)
    if status.status == "failed" and status.error is not None:
        raise JobFailedError(job_id, status.error)
    if status.status == "cancelled":
        raise JobCancelledError(job_id)
    return (yield from result(rules, job_id))
