"""Streams: pings in every silence, and no work for a caller that has gone."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from api.streams import EventStream, unless_gone, with_pings

PING = b": ping\n\n"


async def read(events: AsyncGenerator[bytes, None], ping_s: float) -> list[bytes]:
    return [made async for made in with_pings(events, ping_s)]


def test_the_first_ping_comes_before_any_event() -> None:
    async def events() -> AsyncGenerator[bytes, None]:
        yield b"a"
        yield b"b"

    assert asyncio.run(read(events(), 60)) == [PING, b"a", b"b"]


def test_a_silence_is_filled_and_loses_no_event() -> None:
    async def events() -> AsyncGenerator[bytes, None]:
        yield b"a"
        await asyncio.sleep(0.1)
        yield b"b"

    made = asyncio.run(read(events(), 0.01))
    assert made.count(PING) >= 2
    assert [event for event in made if event != PING] == [b"a", b"b"]


def test_a_fault_comes_through() -> None:
    async def events() -> AsyncGenerator[bytes, None]:
        yield b"a"
        raise LookupError

    with pytest.raises(LookupError):
        asyncio.run(read(events(), 60))


def test_a_reader_that_goes_ends_the_events() -> None:
    ended = []

    async def events() -> AsyncGenerator[bytes, None]:
        try:
            yield b"a"
            await asyncio.Event().wait()
        finally:
            ended.append("events")

    async def leave() -> None:
        stream = with_pings(events(), 60)
        assert [await anext(stream), await anext(stream)] == [PING, b"a"]
        await stream.aclose()

    asyncio.run(leave())
    assert ended == ["events"]


def request_with(*messages: Message) -> Request:
    left = list(messages)

    async def receive() -> Message:
        if left:
            return left.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    return Request({"type": "http", "method": "POST", "path": "/", "headers": []}, receive)


def test_work_is_dropped_when_its_caller_goes() -> None:
    ended = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("work")

    with pytest.raises(ClientDisconnect):
        asyncio.run(unless_gone(request_with({"type": "http.disconnect"}), work()))
    assert ended == ["work"]


def test_work_that_is_done_answers_a_caller_that_waits() -> None:
    async def work() -> str:
        return "done"

    assert asyncio.run(unless_gone(request_with(), work())) == "done"


@pytest.mark.parametrize("fate", ["stalls", "goes"])
def test_a_client_that_takes_nothing_or_goes_ends_its_stream(fate: str) -> None:
    ended = []
    taken = []

    async def events() -> AsyncGenerator[bytes, None]:
        try:
            while True:
                yield b"a"
        finally:
            ended.append(True)

    async def play() -> None:
        gone = asyncio.Event()

        async def receive() -> Message:
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            taken.append(message)
            if len(taken) == 5:
                if fate == "goes":
                    gone.set()
                await asyncio.sleep(60)

        await EventStream(events(), {}, stalled_s=0.05 if fate == "stalls" else 30)({"type": "http"}, receive, send)

    asyncio.run(asyncio.wait_for(play(), 5))
    assert (len(taken), ended) == (5, [True])
