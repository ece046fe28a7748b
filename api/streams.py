"""Answers that take their time: Server-Sent Events that keep a connection alive, and waiting that ends with its caller."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Mapping
from typing import Any, Final, TypeVar

from fastapi.sse import KEEPALIVE_COMMENT, EventSourceResponse, format_sse_event
from starlette.requests import ClientDisconnect, Request

T = TypeVar("T")

PING_S: Final = 10.0
"""Clients and proxies give up on a silent connection; the shortest usual limit is 30 s."""


def event(data: str) -> bytes:
    """One event with JSON text as its data."""
    return format_sse_event(data_str=data)


def event_stream(events: AsyncGenerator[bytes, None], headers: Mapping[str, str]) -> EventSourceResponse:
    """The events as an answer that no proxy holds back.

    FastAPI sends these two headers itself, but only for routes that answer with nothing else.
    """
    return EventSourceResponse(
        with_pings(events), headers={**headers, "Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    )


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
