"""Deletion: a job is cancelled while it is open, and removed once it has ended.

The order of a removal: the ledger marks the job, then its manifest goes, then bodies that no other job needs, then its
record. The answer goes out when the manifest is gone; whatever is left then, or by a crash at any point, the housekeeper
removes, because it is overdue in the ledger.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NoReturn

import anyio.to_thread

from api.services.cancellation import Cancellation
from api.services.deadline import AnyLedger
from api.services.lookup import Lookup
from api.services.refusals import ledger_lost
from stenopool.errors import ErrorCode, StenopoolError, TransientError, UsageError
from stenopool.failpoints import Failpoint, fail_at
from stenopool.ids import is_id
from stenopool.ledger import removal
from stenopool.ledger.model import ForgetOutcome, Forgotten, JobView
from stenopool.logs import get_logger
from stenopool.media.removal import is_of_ledger, remove_body, remove_manifest
from stenopool.media.store import Store

_log = get_logger(__name__)


class Removed(StrEnum):
    """What became of the job."""

    CANCELLED = "cancelled"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Removal:
    """A job that was cancelled or deleted."""

    job_id: str
    how: Removed


class Deletion:
    """Cancels and deletes jobs."""

    def __init__(self, ledger: AnyLedger, store: Store, lookup: Lookup, cancellation: Cancellation) -> None:
        self._ledger = ledger
        self._store = store
        self._lookup = lookup
        self._cancellation = cancellation

    async def remove(self, job_id: str, tenant: str, *, only_active: bool = False) -> Removal:
        """Cancels an open job, deletes one that has ended; with ``only_active`` the latter is refused.

        A deletion that is repeated, within two days, answers as the first.

        Raises:
            UsageError: ``unknown_job``; ``job_ended`` with ``only_active``.
            TransientError: ``ledger_unavailable``, ``ledger_lost``, ``store_unavailable``, ``disk_full``: repeat it.
        """
        job = await self._known(job_id, tenant)
        if job is not None and (only_active or not job.state.ended):
            try:
                await self._cancellation.cancel(job_id, tenant)
            except UsageError as error:
                # It may have ended a moment ago.
                if only_active or error.code is not ErrorCode.JOB_ENDED:
                    raise
            else:
                return Removal(job_id, Removed.CANCELLED)
        if job is None and only_active:
            _refuse_unknown()
        await self._delete(job_id, tenant)
        return Removal(job_id, Removed.DELETED)

    async def _known(self, job_id: str, tenant: str) -> JobView | None:
        """The job; None for one that may have been deleted."""
        try:
            return await self._lookup.job(job_id, tenant)
        except UsageError as error:
            if error.code is not ErrorCode.UNKNOWN_JOB or not is_id(job_id):
                raise
            return None

    async def _delete(self, job_id: str, tenant: str) -> None:
        answer = await self._ledger.do(removal.forget(job_id, tenant))
        if answer.outcome is ForgetOutcome.LEDGER_LOST:
            raise ledger_lost()
        if answer.outcome is ForgetOutcome.UNKNOWN:
            _refuse_unknown()
        fail_at(Failpoint.DELETION_AFTER_MARK, "api")
        if answer.manifest_day is None:
            return
        await anyio.to_thread.run_sync(
            self._remove_manifest, job_id, date.fromisoformat(answer.manifest_day), answer.epoch
        )
        fail_at(Failpoint.DELETION_AFTER_MANIFEST, "api")
        try:
            await anyio.to_thread.run_sync(self._remove_bodies, answer)
            fail_at(Failpoint.DELETION_AFTER_BODIES, "api")
            await self._ledger.do(removal.purge([f"job/{job_id}", *answer.members]))
        except StenopoolError as error:
            _log.warning("deletion_left_to_housekeeper", job_id=job_id, code=str(error.code))

    def _remove_manifest(self, job_id: str, day: date, epoch: str | None) -> None:
        if not is_of_ledger(self._store, epoch):
            raise TransientError(ErrorCode.STORE_UNAVAILABLE, "the store is not the one that the ledger knows")
        remove_manifest(self._store, day, job_id)

    def _remove_bodies(self, answer: Forgotten) -> None:
        for member in answer.members:
            remove_body(self._store, member)


def _refuse_unknown() -> NoReturn:
    raise UsageError(ErrorCode.UNKNOWN_JOB, "there is no such job", "check the id")


def message(state: Removed) -> str:
    """One sentence for people."""
    if state is Removed.CANCELLED:
        return "cancelled; delete it once more to remove it"
    return "deleted: transcript, recording and the job itself"
