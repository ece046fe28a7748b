"""Answers that take their time: Server-Sent Events that keep a connection alive, and waiting that ends with its caller."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Mapping
from typing import Any, Final, TypeVar

import anyio
from fastapi.sse import KEEPALIVE_COMMENT, EventSourceResponse, format_sse_event
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive, Scope, Send

from stenopool.logs import get_logger

T = TypeVar("T")

_log: Final = get_logger(__name__)

PING_S: Final = 10.0
"""Clients and proxies give up on a silent connection; the shortest usual limit is 30 s."""


STALLED_S: Final = 30.0
"""A client that takes nothing for this long, while the connection's buffers are full, is given up."""

RETRY: Final = format_sse_event(retry=1000)
"""Tells a client whose stream ends before its time to come back in a second."""


def event(data: str, name: str | None = None, place: str | None = None) -> bytes:
    """One event with JSON text as its data; ``place`` is what its client sends as Last-Event-ID to go on behind it."""
    return format_sse_event(data_str=data, event=name, id=place)


def place_mark(place: str) -> bytes:
    """No event, but the place of a client from now on."""
    return format_sse_event(id=place)


def event_stream(events: AsyncGenerator[bytes, None], headers: Mapping[str, str]) -> EventSourceResponse:
    """The events as an answer that no proxy holds back.

    FastAPI sends these two headers itself, but only for routes that answer with nothing else.
    """
    return EventStream(with_pings(events), headers={**headers, "Cache-Control": "no-cache", "X-Accel-Buffering": "no"})


class EventStream(EventSourceResponse):
    """Sends events as fast as their client takes them, and gives up one that takes nothing."""

    def __init__(
        self, events: AsyncGenerator[bytes, None], headers: Mapping[str, str], stalled_s: float = STALLED_S
    ) -> None:
        super().__init__(events, headers=headers)
        self._events = events
        self._stalled_s = stalled_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends it."""

        async def send_in_time(message: Message) -> None:
            try:
                async with asyncio.timeout(self._stalled_s):
                    await send(message)
            except TimeoutError as error:
                raise _StalledError from error

        try:
            await super().__call__(scope, receive, send_in_time)
        except* _StalledError:
            # The answer stays without its end, so the server closes the connection.
            _log.info("listener_stalled")
        finally:
            with anyio.CancelScope(shield=True):
                await self._events.aclose()


class _StalledError(Exception):
    """A client has taken nothing for long."""


async def with_pings(events: AsyncGenerator[bytes, None], ping_s: float = PING_S) -> AsyncGenerator[bytes, None]:
    """The events, a comment before the first one and one in every silence of ``ping_s`` seconds.

    The early comment tells the caller, and each proxy on the way, that the answer has begun.
    """
    yield KEEPALIVE_COMMENT
    following = asyncio.ensure_future(_next(events))
    try:
        while True:
            await asyncio.wait({following}, timeout=ping_s)
            if not following.done():
                yield KEEPALIVE_COMMENT
                continue
            made = following.result()
            if made is None:
                return
            yield made
            following = asyncio.ensure_future(_next(events))
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await events.aclose()


async def unless_gone(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """What ``work`` gives; it is dropped when the caller goes away. The body must have been read before.

    Raises:
        ClientDisconnect: the caller has gone; and whatever ``work`` raises.
    """
    working = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({working, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return working.result()
    finally:
        working.cancel()
        gone.cancel()
        await asyncio.gather(working, gone, return_exceptions=True)


async def _next(events: AsyncIterator[bytes]) -> bytes | None:
    return await anext(events, None)


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
