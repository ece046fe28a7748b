"""Peaks: the outline of a job's recording, as the prepare worker left it in the store."""

from dataclasses import dataclass
from typing import BinaryIO

import anyio.to_thread

from api.services.lookup import Lookup, require_completed
from api.services.stored import missing, open_stored
from stenopool.errors import ErrorCode, UsageError
from stenopool.ledger.model import JobView
from stenopool.media.store import Store, peaks_key


@dataclass(frozen=True, slots=True)
class Peaks:
    """An outline in the store; never changes."""

    key: str
    tag: str
    """Names it among all outlines: a job that is tried again may get another one."""
    size_bytes: int


class PeaksShelf:
    """Finds outlines."""

    def __init__(self, lookup: Lookup, store: Store) -> None:
        self._lookup = lookup
        self._store = store

    async def peaks(self, job_id: str, tenant: str) -> Peaks:
        """The outline of a job's recording: there from ``prepare`` on, whatever becomes of the job later.

        Raises:
            UsageError: ``not_finished`` before; ``job_failed`` or ``job_cancelled`` where it never came so far;
                ``result_expired``; and as ``Lookup.job``.
            TransientError: ``store_unavailable``, and as ``Lookup.job``.
        """
        job = await self._lookup.job(job_id, tenant)
        key = peaks_key(job.transcription_id)
        return Peaks(key, job.transcription_id, await anyio.to_thread.run_sync(self._size_bytes, job, key))

    async def open(self, peaks: Peaks) -> BinaryIO:
        """The outline for reading; whoever opens it closes it. Raises as ``peaks``."""
        return await anyio.to_thread.run_sync(open_stored, self._store, peaks.key, _expired())

    def _size_bytes(self, job: JobView, key: str) -> int:
        try:
            return self._store.size_bytes(key)
        except KeyError:
            why = missing(self._store, _expired())
        if isinstance(why, UsageError):
            require_completed(job)
        raise why


def _expired() -> UsageError:
    return UsageError(ErrorCode.RESULT_EXPIRED, "the peaks are not kept any more", "submit the recording again")
