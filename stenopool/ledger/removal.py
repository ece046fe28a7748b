"""The operations by which things end their life, beside those of ``operations``. Pure.

Who removes does it in this order: ``forget`` or ``expire``, then the job's manifest, then the other bodies, then
``purge``. Broken off anywhere, what is left is ``overdue``.
"""

from collections.abc import Sequence
from typing import Final

from pydantic import TypeAdapter

from stenopool.ledger.call import Call, argument
from stenopool.ledger.retention import EndedJobs, Expired, Forgotten, Overdue, Purged

_FORGOTTEN: Final = TypeAdapter(Forgotten).validate_json
_EXPIRED: Final = TypeAdapter(Expired).validate_json
_OVERDUE: Final = TypeAdapter(Overdue).validate_json
_ENDED_JOBS: Final = TypeAdapter(EndedJobs).validate_json
_PURGED: Final = TypeAdapter(Purged).validate_json
_NOTHING: Final = TypeAdapter(None).validate_json
_NAMES: Final = TypeAdapter(tuple[str, ...]).validate_json


def forget(job_id: str, tenant: str) -> Call[Forgotten]:
    """A client's job is to be deleted: unknown from now on. Takes a job that has not ended off its run, as ``cancel``.

    Refused while not every job is known: one that is not restored yet may need the same transcript.
    """
    return Call("forget", argument({"job_id": job_id, "tenant": tenant}), _FORGOTTEN)


def expire(job_id: str) -> Call[Expired]:
    """The next step for a job whose time has come: its result goes, then the job itself."""
    return Call("expire", argument({"job_id": job_id}), _EXPIRED)


def overdue(limit: int) -> Call[Overdue]:
    """What is to go by now, longest due first; none while not every job is known. Read only."""
    return Call("overdue", argument({"limit": limit}), _OVERDUE)


def purge(members: Sequence[str]) -> Call[Purged]:
    """The store is clean of these: the ledger drops them. What is not to go any more stays."""
    return Call("purge", argument({"members": list(members)}), _PURGED)


def strangers(members: Sequence[str]) -> Call[tuple[str, ...]]:
    """Those of ``job/<id>``, ``tr/<id>`` and ``media/<upload>`` that the ledger does not know. Read only."""
    return Call("strangers", argument({"members": list(members)}), _NAMES)


def count_removed(kind: str, number: int) -> Call[None]:
    """Counts things that were removed and that the ledger did not know. Counted twice when repeated."""
    return Call("count_removed", argument({"kind": kind, "number": number}), _NOTHING)


def ended_jobs(cursor: str, count: int) -> Call[EndedJobs]:
    """Some jobs that have ended, about ``count``; a round begins with ``0`` and ends when that comes back. Read only."""
    return Call("ended_jobs", argument({"cursor": cursor, "count": count}), _ENDED_JOBS)
