"""Events that go on after a cut, and waiting by whichever way is open."""

import json
from typing import Any

import httpx
import pytest

import stenopool_client as steno
from stenopool_client._following import all_events, job_events, wait_for_end
from stenopool_client._rules import Retries, Rules
from stenopool_client._sse import ServerSentEvent, SseParser
from stenopool_client._steps import Answer, Call, Emit, Pause, Read
from stenopool_client.testing import MockServer
from tests.clients.python.conftest import Twin

CUT = httpx.ReadError("cut")
STREAM = httpx.Headers({"Content-Type": "text/event-stream"})


def parsed(*pieces: bytes) -> list[ServerSentEvent]:
    parser = SseParser()
    return [event for piece in pieces for event in parser.feed(piece)]


def test_a_stream_means_the_same_however_it_is_cut_into_pieces() -> None:
    body = (
        "\ufeff: hello\r\nevent: segment\r\nid: 7\r\ndata: ä\r\ndata:  b\r\n\r\nid: 8\n\ndata\n\ndata: c\r\r".encode()
    )
    whole = [
        ServerSentEvent("segment", "ä\n b", "7"),
        ServerSentEvent("message", "", "8"),
        ServerSentEvent("message", "c", "8"),
    ]
    assert parsed(body, b"x") == whole
    assert parsed(*(body[at : at + 1] for at in range(len(body))), b"x") == whole


def test_an_unfinished_event_is_not_told_and_a_pause_is_remembered() -> None:
    parser = SseParser("5")
    assert list(parser.feed(b"retry: 1500\nretry: soon\nid: a\0b\ndata: x\n")) == []
    assert (parser.retry_s, parser.last_id) == (1.5, "5")


def status(state: str) -> dict[str, Any]:
    """A status as the server tells it."""
    server = MockServer()
    with server.client() as client:
        client.submit(b"1")
    server.submissions[0].status = state
    told: dict[str, Any] = json.loads(server._answer(httpx.Request("GET", f"http://a/jobs/{1:032x}")).content)
    return told


def said(event: str, data: object, number: str | None = None) -> bytes:
    return f"event: {event}\ndata: {json.dumps(data)}\n{f'id: {number}' if number else ':'}\n\n".encode()


SEGMENT = {"job_id": "1", "span": 0, "segment": {"start": 0, "end": 1, "text": "Hi.", "confidence": None}}


class Script:
    """Plays the driver: answers each step with what is next, on a clock of its own."""

    def __init__(self, *replies: object) -> None:
        self.replies = iter(replies)
        self.calls: list[Call] = []
        self.pauses: list[float] = []
        self.now = 0.0
        self.rules = Rules(Retries(limit=2), clock=lambda: self.now, chance=lambda: 0.0)
        self.outcome: Any = None
        self.given: list[Any] = []

    def play(self, flow: Any) -> list[Any]:
        """What was given on the way; ``given`` has it also where the end is an error."""
        reply: object = None
        while True:
            try:
                step = flow.throw(reply) if isinstance(reply, Exception) else flow.send(reply)
            except StopIteration as end:
                self.outcome = end.value
                return self.given
            reply = self._reply(step)

    def _reply(self, step: object) -> object:
        if isinstance(step, Emit):
            self.given.append(step.item)
            return None
        if isinstance(step, Pause):
            self.pauses.append(step.seconds)
            self.now += step.seconds
            return None
        if isinstance(step, Call):
            self.calls.append(step)
        assert isinstance(step, Call | Read)
        reply = next(self.replies)
        if isinstance(reply, float):
            self.now += reply
            reply = next(self.replies)
        return reply


def opened() -> Answer:
    return Answer(200, STREAM)


def test_a_stream_that_is_cut_goes_on_where_it_was() -> None:
    script = Script(
        *(opened(), said("processing", status("processing")), said("segment", SEGMENT, "3"), CUT),
        *(opened(), b"retry: 1000\n\n", b""),
        *(opened(), said("completed", status("completed"), "9")),
    )
    given = script.play(job_events(script.rules, "1", None))
    assert [type(event).__name__ for event in given] == ["StatusEvent", "SegmentEvent", "StatusEvent"]
    assert [call.headers.get("Last-Event-ID") for call in script.calls] == [None, "3", "3"]
    # Half a second is the first pause of our own; a second is what the server said.
    assert script.pauses == [0.5, 1.0]


def test_who_comes_back_after_the_end_is_told_nothing_more() -> None:
    script = Script(Answer(204, httpx.Headers()))
    assert script.play(job_events(script.rules, "1", "9")) == []


def test_a_stream_that_is_always_cut_is_given_up() -> None:
    script = Script(*(opened(), CUT) * 3)
    with pytest.raises(steno.ConnectionFailedError):
        script.play(job_events(script.rules, "1", None))


def test_all_jobs_in_one_stream() -> None:
    segment = {"job_ids": ["1", "2"], "span": 0, "segment": SEGMENT["segment"]}
    reason = {"code": "no_audio", "message": "None.", "hint": ""}
    script = Script(
        opened(),
        said("queued", {"job_id": "1", "status": "queued"}, "1") + said("segment", segment, "2"),
        said("progress", {"job_ids": ["1"], "progress": 0.5, "done_seconds": 1.0, "duration": 2.0}),
        said("failed", {"job_id": "1", "status": "failed", "error": reason}, "3")
        + said("news", {})
        + said("reload", {}, "4"),
        said("span_restarted", {"job_ids": ["1"], "span": None}, "5"),
        said("deleted", {"job_id": "1", "status": "deleted"}, "6"),
        *(CUT, Answer(403, httpx.Headers(), b'{"code": "no_job_list", "detail": "", "hint": ""}')),
    )
    with pytest.raises(steno.ForbiddenError):
        script.play(all_events(script.rules, None))
    given = script.given
    assert [type(event).__name__ for event in given] == [
        *("JobStateEvent", "SegmentEvent", "ProgressEvent", "JobStateEvent", "ReloadEvent", "SpanRestartedEvent"),
        "JobStateEvent",
    ]
    assert given[1].job_ids == ("1", "2")
    assert given[3].error.code == "no_audio"
    assert script.calls[-1].headers["Last-Event-ID"] == "6"


def polled(state: str, *, held: bool) -> Answer:
    told = {"ETag": f'W/"{state}"', **({"Preference-Applied": "wait=25"} if held else {"Retry-After": "3"})}
    return Answer(200, httpx.Headers(told), json.dumps(status(state)).encode())


REFUSED = Answer(503, httpx.Headers(), b'{"code": "too_many_listeners", "detail": "Too many.", "hint": ""}')


def test_where_no_stream_is_to_be_had_the_answer_is_held_back() -> None:
    told: list[str] = []
    unchanged = Answer(304, httpx.Headers({"Preference-Applied": "wait=25"}))
    script = Script(*[REFUSED] * 3, polled("queued", held=False), unchanged, polled("completed", held=True))
    script.play(wait_for_end(script.rules, "1", None, lambda event: told.append(event.event)))  # type: ignore[union-attr]
    assert script.outcome.status == "completed"
    assert told == ["progress", "completed"]
    assert dict(script.calls[-1].headers) == {"If-None-Match": 'W/"queued"', "Prefer": "wait=25"}
    assert script.pauses == [0.5, 1.0]


def test_where_nothing_is_held_back_it_asks_as_seldom_as_told() -> None:
    script = Script(*[REFUSED] * 3, *[polled("queued", held=False)] * 3, polled("completed", held=False))
    script.play(wait_for_end(script.rules, "1", None, None))
    assert script.pauses == [0.5, 1.0, 3.0, 3.0]


def test_waiting_ends_in_time_on_a_stream_that_says_nothing() -> None:
    """Comments come every ten seconds: at 50 of 60 s the stream is left for a long poll, which is kept to the second."""
    quiet = [part for _ in range(5) for part in (10.0, b":\n\n")]
    script = Script(
        opened(),
        *quiet,
        polled("queued", held=False),
        10.0,
        Answer(304, httpx.Headers({"Preference-Applied": "wait=10"})),
    )
    with pytest.raises(steno.WaitTimeoutError, match="not ended within 60 s; it goes on"):
        script.play(wait_for_end(script.rules, "1", 60.0, None))
    assert script.calls[-1].headers["Prefer"] == "wait=10"


def test_a_job_that_is_not_there_is_not_waited_for(ask: Twin) -> None:
    with pytest.raises(steno.NotFoundError):
        ask("wait_for_result", "nobody")


def test_events_are_told_on_the_way(ask: Twin, server: MockServer) -> None:
    job = ask("submit", b"1").job_id
    events = ask("events", job)
    assert [getattr(event, "event", "segment") for event in events] == ["queued", "processing", "segment", "completed"]
    assert events[2].segment.text == "Good morning."
    told: list[object] = []
    ask("wait_for_end", job, on_event=told.append)
    assert len(told) == 1


def test_waiting_for_a_moment_only_ends_with_where_it_is(ask: Twin, server: MockServer) -> None:
    job = ask("submit", b"1").job_id
    assert ask("wait_for_result", job, timeout_s=5).text == "Good morning."
    assert not [request for request in server.requests if request.url.path.endswith("/events")]
