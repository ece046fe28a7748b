"""Operations on jobs: how they come in, are looked at, are taken back. See ``stenopool.ledger.operations``. Pure."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from pydantic import TypeAdapter

from stenopool.ledger.answers import Cancelled, LiveJob, Restored, Retried, Submitted
from stenopool.ledger.call import Call, argument
from stenopool.ledger.codec import shown_text
from stenopool.ledger.model import (
    JobQuery,
    Restoration,
    RestoredEnding,
    Submission,
)
from stenopool.ledger.states import MAX_DETAIL_BYTES, MAX_NAME_BYTES, RunState
from stenopool.ledger.views import Listed, Mark, Sought, Viewed

_SUBMITTED: Final = TypeAdapter(Submitted).validate_json
_RESTORED: Final = TypeAdapter(Restored).validate_json
_SOUGHT: Final = TypeAdapter(Sought).validate_json
_RETRIED: Final = TypeAdapter(Retried).validate_json
_CANCELLED: Final = TypeAdapter(Cancelled).validate_json
_VIEWED: Final = TypeAdapter(Viewed).validate_json
_RUNS: Final = TypeAdapter(tuple[str, ...]).validate_json
_LIVE_JOBS: Final = TypeAdapter(tuple[LiveJob, ...]).validate_json
_LISTED: Final = TypeAdapter(Listed).validate_json
_MARKS: Final = TypeAdapter(tuple[Mark, ...]).validate_json


def submit(submission: Submission) -> Call[Submitted]:
    """Takes a job in: a new run, a join, or an answer from a finished one. The media are in the store already.

    The same job id again answers as the first time. Refused while the ledger is lost.
    """
    return Call("submit", _intake(submission), _SUBMITTED)


def retry(submission: Submission) -> Call[Retried]:
    """Tries a failed or cancelled job again, on a live run of its digest or on the new one that is named here.

    The submission is the job's first one but for ``transcription_id``, which is new, and for media and identity, which
    are those of today. The same ``transcription_id`` again answers as the first time.
    """
    return Call("retry", _intake(submission), _RETRIED)


def restore(restoration: Restoration) -> Call[Restored]:
    """Takes a job in again after the ledger was lost: running, completed, failed or cancelled, under its own ids.

    No limit counts. A job that is known is left as it is, unless the restoration brings it.

    Raises:
        ValueError: the submission names no media or no time, or a failure has no code.
    """
    submission, ending = restoration.submission, restoration.ending
    if submission.media_key is None or submission.submitted_ms is None:
        raise ValueError("a job is restored with its media and the time of its submission")
    if ending is not None and ending.state is RunState.FAILED and ending.code is None:
        raise ValueError("a failure has a code")
    values = _submission_values(submission) | {
        "is_hit": restoration.is_hit,
        "told": list(restoration.told),
        "brings": restoration.brings,
        "ending": None if ending is None else _ending_values(ending),
    }
    return Call("restore", argument(values), _RESTORED)


def find(digest: str, tenant: str = "", idempotency_hash: str | None = None) -> Call[Sought]:
    """The newest live or completed run of a digest, and whether a submission with this key must wait; read only."""
    values = {"digest": digest, "tenant": tenant, "idempotency_hash": idempotency_hash}
    return Call("find", argument(values), _SOUGHT)


def cancel(job_id: str, tenant: str) -> Call[Cancelled]:
    """Takes a job back. The last job that leaves ends the run; a foreign job is unknown."""
    return Call("cancel", argument({"job_id": job_id, "tenant": tenant}), _CANCELLED)


def view(job_id: str, tenant: str) -> Call[Viewed]:
    """A job and its run as one consistent read; a foreign job is unknown. Read only."""
    return Call("view", argument({"job_id": job_id, "tenant": tenant}), _VIEWED)


def list_jobs(query: JobQuery) -> Call[Listed]:
    """One page of a tenant's jobs, newest first. Looks at ``query.scan`` jobs at most. Read only."""
    return Call("list", argument(asdict(query)), _LISTED)


def marks(job_ids: Sequence[str]) -> Call[tuple[Mark, ...]]:
    """By what to see whether jobs have changed; unknown ones are left out. Asks for no tenant. Read only."""
    return Call("marks", argument({"job_ids": list(job_ids)}), _MARKS)


def jobs_of(transcription_id: str) -> Call[tuple[LiveJob, ...]]:
    """The jobs that wait on a live run, none once it ended. Read only."""
    return Call("jobs_of", argument({"transcription_id": transcription_id}), _LIVE_JOBS)


def open_runs() -> Call[tuple[str, ...]]:
    """All runs that live, sorted. Read only; a microsecond for each of their open units."""
    return Call("open_runs", argument({}), _RUNS)


def _intake(submission: Submission) -> str:
    return argument(_submission_values(submission))


def _submission_values(submission: Submission) -> dict[str, object]:
    return asdict(submission) | {
        "name": shown_text(submission.name, MAX_NAME_BYTES),
        "estimated_s": round(submission.estimated_s, 3),
    }


def _ending_values(ending: RestoredEnding) -> dict[str, object]:
    detail = shown_text(ending.detail, MAX_DETAIL_BYTES) if ending.detail else None
    return {name: value for name, value in (asdict(ending) | {"detail": detail}).items() if value is not None}
