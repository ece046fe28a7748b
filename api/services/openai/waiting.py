"""Waiting for a job to end, and how long."""

import asyncio
import math
from typing import Final, Protocol

from api.services.job_watch import JobWatch
from api.services.lookup import Lookup
from stenopool.errors import ErrorCode, TransientError
from stenopool.ledger.model import JobView, Mark

_TROUBLE_S: Final = 30.0
"""An outage of the ledger shorter than this is waited out: the job lives on, and the caller has nothing to repeat."""

_MARGIN_S: Final = 10.0


class StillRunningError(TransientError):
    """The job has not ended in time; it goes on."""

    def __init__(self, job_id: str) -> None:
        super().__init__(
            ErrorCode.STILL_RUNNING,
            f"the job {job_id} is not done yet and goes on",
            f"repeat the call to wait on, it joins the running work; or read GET /result/{job_id}",
            retry_after_s=1,
        )


class Waiting(Protocol):
    """Waits for jobs."""

    async def ended(self, job_id: str, tenant: str, limit_s: float) -> JobView | None:
        """The job once it has ended; None when it has not after ``limit_s``.

        Raises:
            UsageError: ``unknown_job``.
            TransientError: ``ledger_unavailable`` or ``ledger_lost`` for long.
        """
        ...


class WatchedWaiting:
    """Lets the watch of this process say when to look."""

    def __init__(self, lookup: Lookup, watch: JobWatch, trouble_s: float = _TROUBLE_S) -> None:
        self._lookup = lookup
        self._watch = watch
        self._trouble_s = trouble_s

    async def ended(self, job_id: str, tenant: str, limit_s: float) -> JobView | None:
        """As ``Waiting``."""
        loop = asyncio.get_running_loop()
        began = last_seen = loop.time()
        while True:
            try:
                job = await self._lookup.job(job_id, tenant)
                last_seen = loop.time()
                if job.state.ended:
                    return job
            except TransientError:
                if loop.time() - last_seen > self._trouble_s:
                    raise
            left_s = began + limit_s - loop.time()
            if left_s <= 0 or self._watch.is_over:
                return None
            # Looked at now and then all the same: an outage that lasts is to be told.
            await self._watch.wait(job_id, _has_ended, min(left_s, self._trouble_s))


def _has_ended(mark: Mark) -> bool:
    return mark.state.ended


def limit_of(wait_s: float, told: str | None) -> float:
    """How long a call waits, seconds: the operator's limit, and a little less than the caller's own if it tells one.

    The official clients tell theirs in a header. Without the margin both would give up at the same moment, and the
    caller would never hear the job's id.
    """
    try:
        told_s = float(told or "")
    except ValueError:
        return wait_s
    if not math.isfinite(told_s) or told_s <= 0:
        return wait_s
    return min(wait_s, told_s - min(_MARGIN_S, told_s / 10))
