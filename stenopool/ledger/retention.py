"""Retention in the ledger's words: how long things are kept, and what it answers about those whose time has come. Pure.

What goes has a name that tells where its bytes are: ``job/<id>``, ``result/<run>`` (the transcript), ``tr/<run>``
(transcript and record of a run that no job points at), ``work/<run>``, ``pcm/<run>`` (the decoded audio of its work)
and ``media/<upload>``.
"""

from dataclasses import dataclass, field
from typing import Final

from stenopool.clock import from_ms
from stenopool.ledger.answers import Answer, LiveJob
from stenopool.ledger.states import ExpireOutcome, ForgetOutcome

_HOUR_MS: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long after a job's end its things are kept, milliseconds; agreed when it was submitted."""

    result_ms: int = 30 * 24 * _HOUR_MS
    """The result; the job itself stays as long again, a week at most."""
    media_ms: int = 24 * _HOUR_MS
    failed_media_ms: int = 72 * _HOUR_MS
    """The recording of a job that failed, which may be tried again."""


KEEPING: Final = Keeping()
"""What is agreed where nobody set or wished anything else."""


@dataclass(frozen=True, slots=True)
class Doomed(Answer):
    """A job and what else is to be removed from the store, after the job's manifest where that goes."""

    created_ms: int | None
    members: tuple[str, ...] = field(default=(), kw_only=True)

    @property
    def manifest_day(self) -> str | None:
        """``yyyy-mm-dd`` (UTC) under which the job's manifest stands; None when the ledger has dropped the job."""
        return None if self.created_ms is None else from_ms(self.created_ms).date().isoformat()


@dataclass(frozen=True, slots=True)
class Forgotten(Doomed):
    """Answer of ``forget``."""

    outcome: ForgetOutcome
    epoch: str | None


@dataclass(frozen=True, slots=True)
class Expired(Doomed):
    """Answer of ``expire``."""

    outcome: ExpireOutcome


@dataclass(frozen=True, slots=True)
class Overdue:
    """Answer of ``overdue``: nothing is removed from a store with another epoch."""

    epoch: str | None
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Purged(Answer):
    """Answer of ``purge``: how much was dropped."""

    dropped: int


@dataclass(frozen=True, slots=True)
class EndedJobs:
    """Answer of ``ended_jobs``: jobs in no order, some perhaps twice over a whole round."""

    cursor: str
    """Where to go on; ``0`` when the round is over."""
    jobs: tuple[LiveJob, ...] = ()
