"""What a client saw and what was done to the platform, in order; each event is written down before the next step."""

import dataclasses
import json
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

ENDED = frozenset({"completed", "failed", "cancelled"})


def now_ms() -> int:
    """Milliseconds since 1970 by this machine's clock, which is also Redis'."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True)
class Event:
    """Base of all events; ``at_ms`` since 1970."""

    at_ms: int = field(default_factory=now_ms, kw_only=True)


@dataclass(frozen=True)
class Accepted(Event):
    """A 202 came back."""

    job_id: str
    recording: str
    key: str | None = None
    after_ms: int = 0
    """How long the answer took."""
    is_to_be_told: bool = False
    """Whether a webhook was asked for."""


@dataclass(frozen=True)
class NotAccepted(Event):
    """No 202: ``status`` is the answer's, None when none came. The job may exist or not."""

    recording: str
    status: int | None
    after_ms: int
    code: str = ""


@dataclass(frozen=True)
class Seen(Event):
    """A look at a job's status; written when it differs from the look before. ``code`` tells why it failed."""

    job_id: str
    status: str
    code: str | None = None
    attempts: int = 0


@dataclass(frozen=True)
class Unknown(Event):
    """A job that got its 202 was answered with 404."""

    job_id: str


@dataclass(frozen=True)
class Read(Event):
    """A result was read; ``digest`` is of its whole body."""

    job_id: str
    text: str
    digest: str


@dataclass(frozen=True)
class CancelAsked(Event):
    """The client sent a cancel; ``status`` is the answer's, None when none came."""

    job_id: str
    status: int | None


@dataclass(frozen=True)
class RetryAsked(Event):
    """The client asked for another try of a job that had ended: from here on it may end anew."""

    job_id: str


@dataclass(frozen=True)
class Told(Event):
    """A webhook arrived; ``ending`` is completed, failed or cancelled."""

    job_id: str
    delivery_id: str
    ending: str


@dataclass(frozen=True)
class Hurt(Event):
    """Something was done to a process: ``how`` is kill, stop, go or start."""

    how: str
    name: str
    pid: int
    what: str
    """main, child, api, redis or house."""


E = TypeVar("E", bound=Event)


class History:
    """All events of a round. Safe to share between threads."""

    def __init__(self, file: Path | None = None) -> None:
        self._events: list[Event] = []
        self._lock = threading.Lock()
        self._file = file.open("a", encoding="utf-8") if file else None

    def add(self, event: Event) -> None:
        """Writes an event down."""
        with self._lock:
            self._events.append(event)
            if self._file:
                line = {"event": type(event).__name__, **dataclasses.asdict(event)}
                self._file.write(json.dumps(line) + "\n")
                self._file.flush()

    def all(self) -> list[Event]:
        """All events, in order."""
        with self._lock:
            return list(self._events)

    def of(self, kind: type[E]) -> list[E]:
        """All events of one kind, in order."""
        with self._lock:
            return [event for event in self._events if isinstance(event, kind)]

    def close(self) -> None:
        """Closes the file."""
        if self._file:
            self._file.close()
