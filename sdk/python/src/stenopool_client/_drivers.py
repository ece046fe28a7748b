"""The two drivers of flows: all I/O of the clients, once with and once without ``await``."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, closing
from typing import Any, Generic, TypeVar

import anyio
import httpx

from stenopool_client._settings import request_arguments
from stenopool_client._steps import Answer, Call, Emit, Flow, Pause, Read, Stream

T = TypeVar("T")
E = TypeVar("E")


def run(http: httpx.Client, sleep: Callable[[float], None], flow: Flow[T]) -> T:
    """The outcome of an operation."""
    driver: _Driver[Any] = _Driver(http, sleep)
    for _ in driver.drive(flow):
        pass
    outcome: T = driver.outcome
    return outcome


def iterate(http: httpx.Client, sleep: Callable[[float], None], stream: Stream[E]) -> Iterator[E]:
    """What a stream gives."""
    driver: _Driver[E] = _Driver(http, sleep)
    return driver.drive(stream)


async def run_later(http: httpx.AsyncClient, flow: Flow[T]) -> T:
    """The outcome of an operation."""
    driver: _LaterDriver[Any] = _LaterDriver(http)
    async for _ in driver.drive(flow):
        pass
    outcome: T = driver.outcome
    return outcome


def iterate_later(http: httpx.AsyncClient, stream: Stream[E]) -> AsyncIterator[E]:
    """What a stream gives."""
    driver: _LaterDriver[E] = _LaterDriver(http)
    return driver.drive(stream)


class _Driver(Generic[E]):
    def __init__(self, http: httpx.Client, sleep: Callable[[float], None]) -> None:
        self._http = http
        self._sleep = sleep
        self._open: httpx.Response | None = None
        self._pieces: Iterator[bytes] = iter(())
        self.outcome: Any = None

    def drive(self, flow: Stream[E] | Flow[Any]) -> Iterator[E]:
        reply: object = None
        error: httpx.TransportError | None = None
        try:
            while True:
                try:
                    step = flow.send(reply) if error is None else flow.throw(error)
                except StopIteration as end:
                    self.outcome = end.value
                    return
                reply = error = None
                if isinstance(step, Emit):
                    yield step.item
                    continue
                try:
                    reply = self._do(step)
                except httpx.TransportError as fault:
                    error = fault
        finally:
            flow.close()
            self._close()

    def _do(self, step: Call | Read | Pause) -> object:
        if isinstance(step, Read):
            return next(self._pieces, b"")
        self._close()
        if isinstance(step, Pause):
            self._sleep(step.seconds)
            return None
        if step.upload is None:
            return self._send(step, None)
        with closing(step.upload.pieces()) as pieces:
            return self._send(step, pieces)

    def _send(self, call: Call, content: Iterator[bytes] | None) -> Answer:
        response = self._http.send(self._http.build_request(content=content, **request_arguments(call)), stream=True)
        self._open = response
        if call.streamed and response.is_success:
            self._pieces = response.iter_bytes()
            return Answer(response.status_code, response.headers)
        return Answer(response.status_code, response.headers, response.read())

    def _close(self) -> None:
        if self._open is not None:
            self._open.close()
        self._open, self._pieces = None, iter(())


class _LaterDriver(Generic[E]):
    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._open: httpx.Response | None = None
        self._pieces: AsyncIterator[bytes] | None = None
        self.outcome: Any = None

    async def drive(self, flow: Stream[E] | Flow[Any]) -> AsyncIterator[E]:
        reply: object = None
        error: httpx.TransportError | None = None
        try:
            while True:
                try:
                    step = flow.send(reply) if error is None else flow.throw(error)
                except StopIteration as end:
                    self.outcome = end.value
                    return
                reply = error = None
                if isinstance(step, Emit):
                    yield step.item
                    continue
                try:
                    reply = await self._do(step)
                except httpx.TransportError as fault:
                    error = fault
        finally:
            flow.close()
            await self._close()

    async def _do(self, step: Call | Read | Pause) -> object:
        if isinstance(step, Read):
            return b"" if self._pieces is None else await anext(self._pieces, b"")
        await self._close()
        if isinstance(step, Pause):
            await anyio.sleep(step.seconds)
            return None
        if step.upload is None:
            return await self._send(step, None)
        async with aclosing(step.upload.pieces_later()) as pieces:
            return await self._send(step, pieces)

    async def _send(self, call: Call, content: AsyncIterator[bytes] | None) -> Answer:
        request = self._http.build_request(content=content, **request_arguments(call))
        response = await self._http.send(request, stream=True)
        self._open = response
        if call.streamed and response.is_success:
            self._pieces = response.aiter_bytes()
            return Answer(response.status_code, response.headers)
        return Answer(response.status_code, response.headers, await response.aread())

    async def _close(self) -> None:
        if self._open is not None:
            await self._open.aclose()
        self._open, self._pieces = None, None
