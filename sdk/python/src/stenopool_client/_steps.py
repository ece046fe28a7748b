"""What the core asks its driver to do. The core decides and does no I/O; two thin drivers do these few things.

A flow is a generator: it yields steps and is sent what came of them (a ``Call`` is answered with an ``Answer``, a ``Read``
with bytes) or has an ``httpx.TransportError`` thrown in; its return value is the outcome of the operation.
"""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import httpx

from stenopool_client._upload import Upload

T = TypeVar("T")
E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class Call:
    """Send a request. The answer's body is read whole, unless it is ``streamed`` and no error."""

    method: str
    path: str
    params: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    upload: Upload | None = None
    streamed: bool = False
    may_repeat: bool = False
    """Whether sending it twice does no more than sending it once."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came."""

    status: int
    headers: httpx.Headers
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class Read:
    """The next piece of the streamed answer; empty at its end."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait for so long."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Emit(Generic[E]):
    """Give this to whoever iterates."""

    item: E


Flow = Generator[Call | Read | Pause, Any, T]
"""An operation with one outcome."""

Stream = Generator[Call | Read | Pause | Emit[E], Any, None]
"""An operation that gives one thing after another."""


def consumed(stream: Stream[E], take: Callable[[E], None]) -> Flow[None]:
    """A stream as an operation: what it gives goes to ``take``."""
    reply: object = None
    error: httpx.TransportError | None = None
    while True:
        try:
            step = stream.send(reply) if error is None else stream.throw(error)
        except StopIteration:
            return
        reply = error = None
        if isinstance(step, Emit):
            take(step.item)
            continue
        try:
            reply = yield step
        except httpx.TransportError as fault:
            error = fault
