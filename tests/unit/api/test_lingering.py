"""A refused upload: the answer goes out whole before the connection is closed."""

import asyncio
from typing import Any

from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from api.middleware import LingeringClose


async def refusing(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads a piece and refuses."""
    await receive()
    await PlainTextResponse("no", 413)(scope, receive, send)


async def reading(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads all and accepts."""
    while (await receive()).get("more_body"):
        pass
    await PlainTextResponse("yes")(scope, receive, send)


class Wire:
    """A client that sends ``pieces`` pieces, then pauses for ever or ends its body; what happened, in order."""

    def __init__(self, pieces: int, *, ends: bool = True) -> None:
        self.log: list[str] = []
        self.headers: list[tuple[bytes, bytes]] = []
        self._left = pieces
        self._ends = ends

    async def receive(self) -> dict[str, Any]:
        self._left -= 1
        if self._left < 0 and not self._ends:
            await asyncio.Event().wait()
        self.log.append("in")
        return {"type": "http.request", "body": b"x", "more_body": self._left > 0 or not self._ends}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.headers = message["headers"]
        else:
            self.log.append(f"out {message['body'].decode()!r} {'more' if message.get('more_body') else 'end'}")

    def run(self, app: Any, headers: list[tuple[bytes, bytes]] | None = None) -> None:
        scope = {"type": "http", "method": "POST", "path": "/", "headers": headers or [(b"content-length", b"9")]}
        asyncio.run(LingeringClose(app)(scope, self.receive, self.send))


def test_the_answer_goes_out_then_the_rest_of_the_body_is_thrown_away() -> None:
    wire = Wire(3)
    wire.run(refusing)
    assert wire.log == ["in", "out 'no' more", "in", "in", "out '' end"]
    assert (b"connection", b"close") in wire.headers


def test_a_client_that_stops_sending_is_not_waited_for() -> None:
    wire = Wire(2, ends=False)
    wire.run(refusing)
    assert wire.log[-1] == "out '' end"


def test_a_body_that_was_read_whole_keeps_its_connection() -> None:
    wire = Wire(3)
    wire.run(reading)
    assert wire.log == ["in", "in", "in", "out 'yes' end"]
    assert not any(name == b"connection" for name, _ in wire.headers)


def test_a_request_without_a_body_is_left_alone() -> None:
    wire = Wire(1)
    wire.run(refusing, [(b"host", b"x")])
    assert wire.log == ["in", "out 'no' end"]
