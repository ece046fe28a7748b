"""Waiting for news of jobs: one look at the ledger for all who wait, four times a second, however many they are."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from api.services.deadline import AnyLedger
from stenopool.errors import StenopoolError
from stenopool.ledger import operations as op
from stenopool.ledger.model import Mark

LOOK_EVERY_S: Final = 0.25

MAX_WAITERS: Final = 5000
"""Requests of this process that may wait at once; whoever comes on top is answered without waiting."""

_AT_ONCE: Final = 500
"""Jobs in one call of the ledger: each costs it about 10 microseconds, and nobody else is served meanwhile."""

IsNews = Callable[[Mark], bool]
"""Whether a mark is what somebody waits for."""


class JobWatch:
    """Wakes who waits for a job. Looks only while somebody waits."""

    def __init__(self, ledger: AnyLedger, look_every_s: float = LOOK_EVERY_S) -> None:
        self._ledger = ledger
        self._look_every_s = look_every_s
        self._waiters: defaultdict[str, dict[asyncio.Event, IsNews]] = defaultdict(dict)
        self._looking: asyncio.Task[None] | None = None
        self.is_over = False
        """Whether nobody waits any more: this process is stopping."""

    @property
    def is_full(self) -> bool:
        """Whether nobody else may wait: too many do already, or this process is stopping."""
        return self.is_over or sum(map(len, self._waiters.values())) >= MAX_WAITERS

    async def wait(self, job_id: str, is_news: IsNews, timeout_s: float) -> None:
        """Returns when the job's mark is news, when the job is gone, or after ``timeout_s``.

        News that came before the call are seen by the first look, a quarter of a second later. While the ledger does
        not answer there are no news.
        """
        if self.is_over:
            return
        heard = asyncio.Event()
        self._waiters[job_id][heard] = is_news
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name="job_watch")
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await heard.wait()
        finally:
            of_job = self._waiters[job_id]
            of_job.pop(heard, None)
            if not of_job:
                del self._waiters[job_id]

    async def close(self) -> None:
        """Stops looking; whoever waits is woken."""
        if self._looking is not None:
            self._looking.cancel()
            with suppress(asyncio.CancelledError):
                await self._looking
        self.wake_all()

    def wake_all(self) -> None:
        """Whoever waits is answered now, and nobody waits any more: this process is stopping."""
        self.is_over = True
        for of_job in self._waiters.values():
            for heard in of_job:
                heard.set()

    async def _look(self) -> None:
        while self._waiters:
            await asyncio.sleep(self._look_every_s)
            job_ids = list(self._waiters)
            for start in range(0, len(job_ids), _AT_ONCE):
                # An outage is told to each by the look that follows its waiting.
                with suppress(StenopoolError):
                    await self._wake(job_ids[start : start + _AT_ONCE])

    async def _wake(self, job_ids: list[str]) -> None:
        marks = {mark.job_id: mark for mark in await self._ledger.do(op.marks(job_ids))}
        for job_id in job_ids:
            mark = marks.get(job_id)
            for heard, is_news in self._waiters.get(job_id, {}).items():
                if mark is None or is_news(mark):
                    heard.set()
