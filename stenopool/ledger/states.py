"""States, kinds and limits of the ledger: the closed sets that records, scripts and answers share. Pure."""

from enum import StrEnum
from typing import Final

RECORD_VERSION: Final = 1
"""``v`` of every record and manifest written by this release; newer ones are left alone."""

MAX_ATTEMPTS: Final = 3
"""Started claims after which a unit fails for good (rule 13)."""

MAX_IDLE_CLAIMS: Final = 10
"""Claims that were never started after which a unit fails for good (rule 13)."""

MAX_DELAY_MS: Final = 3_600_000
"""Sum of the delays of a unit that is released for want of something else; beyond it the unit fails (rule 13)."""

MAX_NAME_BYTES: Final = 64
"""Longest file name in a record: longer values turn a small hash into a large one, 1.2 kB a job instead of 0.2."""

MAX_DETAIL_BYTES: Final = 300
"""Longest sentence about a failure in a record."""

BELL_CAP: Final = 32
"""No queue ever holds more bells than this (rule 15)."""


class RunState(StrEnum):
    """State of a transcription, and of a job that did not leave it."""

    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether the state absorbs: it never changes again."""
        return self in (RunState.COMPLETED, RunState.FAILED, RunState.CANCELLED)


class UnitKind(StrEnum):
    """What a unit does."""

    PREPARE = "prepare"
    DETECT = "detect"
    SPAN = "span"
    ASSEMBLE = "assemble"


class UnitState(StrEnum):
    """Where a unit is; it is in exactly one of these."""

    BLOCKED = "blocked"
    WAITING = "waiting"
    DELAYED = "delayed"
    LEASED = "leased"
    DONE = "done"
    FAILED = "failed"


class Lane(StrEnum):
    """Priority class. One lane is served until fair queueing arrives."""

    INTERACTIVE = "interactive"
    STANDARD = "standard"
    BULK = "bulk"


class Blame(StrEnum):
    """Whose fault a failed attempt is: the recording's (final at once) or the unit's (an attempt is spent)."""

    INPUT = "input"
    UNIT = "unit"


class SubmitOutcome(StrEnum):
    """How a submission ended."""

    CREATED = "created"
    JOINED = "joined"
    HIT = "hit"
    REPLAYED = "replayed"
    IDEMPOTENCY_CONFLICT = "idem_conflict"
    NEED_MEDIA = "need_media"
    REFUSED_JOINS = "refused_joins"
    REFUSED_BACKLOG = "refused_backlog"
    REFUSED_OPEN_JOBS = "refused_open_jobs"
    REFUSED_AUDIO = "refused_audio"
    REFUSED_STORED = "refused_stored"
    LEDGER_LOST = "ledger_lost"


class RestoreOutcome(StrEnum):
    """Whether a job was restored, or was there already."""

    OK = "ok"
    KNOWN = "known"
    BROUGHT = "brought"
    """It was there, and behind what is told."""


class BeatVerdict(StrEnum):
    """What a beat tells the holder of a claim."""

    GO = "go"
    LOST = "lost"


class CommitOutcome(StrEnum):
    """How a commit was taken. ``already``: this very commit was taken before. ``refused``: the claim is not in force."""

    OK = "ok"
    ALREADY = "already"
    REFUSED = "refused"


class FailOutcome(StrEnum):
    """What became of a unit whose attempt failed."""

    REQUEUED = "requeued"
    FAILED = "failed"
    ALREADY = "already"
    REFUSED = "refused"


class CancelOutcome(StrEnum):
    """How a cancel was taken."""

    CANCELLED = "cancelled"
    ENDED = "ended"
    UNKNOWN = "unknown"


class RetryOutcome(StrEnum):
    """How another try of a job began, or why it did not."""

    CREATED = "created"
    JOINED = "joined"
    HIT = "hit"
    NEED_MEDIA = "need_media"
    REFUSED_STATE = "refused_state"
    REFUSED_JOINS = "refused_joins"
    REFUSED_BACKLOG = "refused_backlog"
    REFUSED_OPEN_JOBS = "refused_open_jobs"
    REFUSED_AUDIO = "refused_audio"
    UNKNOWN = "unknown"
    LEDGER_LOST = "ledger_lost"


class ForgetOutcome(StrEnum):
    """Whether a job is being deleted, by this call or an earlier one."""

    DELETING = "deleting"
    UNKNOWN = "unknown"
    LEDGER_LOST = "ledger_lost"


class ExpireOutcome(StrEnum):
    """What became of a job whose time may have come. ``expired``: its result goes, the job is still told of."""

    KEPT = "kept"
    EXPIRED = "expired"
    DELETING = "deleting"


class RegisterOutcome(StrEnum):
    """Whether a worker may claim: its identity equals the pool's, or became it."""

    OK = "ok"
    MISMATCH = "mismatch"
    DRAINED = "drained"
    """The operator wants it to claim nothing."""
