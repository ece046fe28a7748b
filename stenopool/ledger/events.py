"""What those who listen are told, as the ledger answers it: news of jobs, text of runs, changes of a tenant's jobs. Pure.

Events have numbers that grow over all streams and never repeat; they look like microseconds of Redis ``TIME``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Literal

from stenopool.ledger.answers import Answer
from stenopool.ledger.states import RunState
from stenopool.ledger.views import JobView, Mark

MOST_ENTRIES = 500
"""Entries of one source in one look; whoever is further behind looks again."""

MOST_TOLD = 20_000
"""Segments of a run that are told while it works: four hours of one segment a second fit. Twin of ``events.lua``."""


Deleted = Literal["deleted"]
DELETED: Final[Deleted] = "deleted"
"""A job is gone for good."""

Change = RunState | Deleted
"""What a tenant is told of a job: the state it came into, or that it is gone."""


class TextKind(StrEnum):
    """What an entry of a run's text says."""

    SEGMENT = "segment"
    RESTARTED = "restarted"
    """The unit begins again: what was told of it counts no more."""
    WHOLE = "whole"
    """All of the unit's text was told; ``body`` says of how many spans that is so, and how many there are: ``3/4``."""


@dataclass(frozen=True, slots=True)
class TextEntry:
    """One entry of a run's text."""

    number: int
    kind: TextKind
    unit: str
    body: str
    """Of a segment its JSON, as the worker made it."""


@dataclass(frozen=True, slots=True)
class ChangeEntry:
    """A job of a tenant came into another state."""

    number: int
    job: str
    state: Change
    code: str
    """Why it failed; empty otherwise."""
    detail: str


@dataclass(frozen=True, slots=True)
class Told(Answer):
    """Answer of ``tell``: whether the claim is in force."""

    is_heard: bool


@dataclass(frozen=True, slots=True)
class RunText:
    """What is new of one run."""

    transcription_id: str
    is_continued: bool
    """Whether the entry after which was asked is still there, and so all that follow it."""
    entries: tuple[TextEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class TenantText:
    """What is new of one of a tenant's runs, and how far the run is."""

    transcription_id: str
    entries: tuple[TextEntry, ...]
    done_s: float
    audio_s: float | None
    job_ids: tuple[str, ...] = ()
    """The jobs it is for, or was for when it ended."""


@dataclass(frozen=True, slots=True)
class TenantNews:
    """What is new for a tenant."""

    tenant: str
    has_gap: bool
    """Something may have happened that is not known any more; nothing else is told then."""
    upto: int | None = None
    """Where the look ended before the last event; None: it did not."""
    changes: tuple[ChangeEntry, ...] = ()
    texts: tuple[TenantText, ...] = ()


@dataclass(frozen=True, slots=True)
class News:
    """Answer of ``news``. Jobs that are as they were shown are left out."""

    last: int
    """Number of the last event of all."""
    jobs: tuple[JobView, ...] = ()
    gone: tuple[str, ...] = ()
    """Jobs that do not exist any more."""
    runs: tuple[RunText, ...] = ()
    tenants: tuple[TenantNews, ...] = ()


@dataclass(frozen=True, slots=True)
class Wishes:
    """What all who listen want to know."""

    jobs: Mapping[str, Mark | None] = field(default_factory=dict)
    """Job -> as it was last shown."""
    runs: Sequence[tuple[str, int]] = ()
    """Runs, each with the number of the last entry that was heard, 0 for none. Answered in this order."""
    tenants: Sequence[tuple[str, int | None]] = ()
    """Tenants, each with the number of the last event that was heard; None asks only how far events are. Likewise."""
