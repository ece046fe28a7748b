"""One look at the ledger for all who listen to events at this process, four times a second, however many they are.

Listeners ask; nothing is sent to them. Each asks again when it has passed on what it was told, so whoever is slow is
asked for later, and nothing is kept for anybody: streams in Redis wait as long as they stand there.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

from api.services.deadline import AnyLedger
from stenopool import metrics
from stenopool.errors import ErrorCode, StenopoolError, TransientError
from stenopool.ledger import event_operations as events
from stenopool.ledger.events import MOST_ENTRIES, News, RunText, TenantNews, Wishes
from stenopool.ledger.model import JobView, Mark
from stenopool.logs import get_logger

LOOK_EVERY_S: Final = 0.25

MAX_LISTENERS: Final = 5000
"""At one process; each costs about 50 kB, and a thousand idle ones 3 % of a core (measured)."""

_HURRY_S: Final = 0.02
"""Newcomers do not wait for the next look; those who come within this time share one."""

_AT_ONCE: Final = 500
"""Questions in one call of the ledger; a job costs it about 10 microseconds."""

_ENTRIES_AT_ONCE: Final = 5000
"""Entries in one answer of the ledger: about a megabyte."""

_FEWEST_ENTRIES: Final = 20

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class JobQuestion:
    """What is new of a job that was shown so, and of the text of its run behind an entry."""

    job_id: str
    shown: Mark | None
    run: str
    after: int


@dataclass(frozen=True, slots=True)
class JobAnswer:
    """What is new of a job."""

    job: JobView | None
    """None: it is as it was shown."""
    is_gone: bool
    text: RunText
    is_cut: bool
    """Whether there is more text."""


@dataclass(frozen=True, slots=True)
class TenantQuestion:
    """What is new for a tenant behind an event; None asks how far events are."""

    tenant: str
    after: int | None


@dataclass(frozen=True, slots=True)
class TenantAnswer:
    """What is new for a tenant."""

    news: TenantNews
    last: int
    """Number of the last event of all."""
    limit: int
    """As many entries of one source as this mean that it may have more."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is new."""
        return not (self.news.has_gap or self.news.changes or self.news.texts or self.news.upto)


class HubClosedError(Exception):
    """The process stops: who listens goes on elsewhere."""


Question = JobQuestion | TenantQuestion


class _Pending:
    """A question that waits for news."""

    def __init__(self, question: Question, *, at_once: bool) -> None:
        self.question = question
        self.at_once = at_once
        self.news: asyncio.Future[JobAnswer | TenantAnswer] = asyncio.get_running_loop().create_future()
        self.nothing: TenantAnswer | None = None

    def answer(self, answer: JobAnswer | TenantAnswer) -> None:
        """Wakes who asked."""
        if not self.news.done():
            self.news.set_result(answer)


class EventHub:
    """Answers questions when there is news. Looks only while somebody asks."""

    def __init__(self, ledger: AnyLedger, look_every_s: float = LOOK_EVERY_S, most: int = MAX_LISTENERS) -> None:
        self._ledger = ledger
        self._look_every_s = look_every_s
        self._most = most
        self._listeners = 0
        self._pending: dict[_Pending, None] = {}
        self._hurry = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None
        self._is_closed = False

    def require_place(self) -> None:
        """Goes on only while one more may listen.

        Raises:
            TransientError: ``too_many_listeners`` or ``shutting_down``.
        """
        if self._is_closed:
            raise TransientError(ErrorCode.SHUTTING_DOWN, "this process is stopping", "try again")
        if self._listeners >= self._most:
            raise TransientError(
                ErrorCode.TOO_MANY_LISTENERS,
                "too many listen to events here already",
                "ask for the status with Prefer: wait, or try again later",
                retry_after_s=10,
            )

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Counts one who listens."""
        self._listeners += 1
        metrics.LISTENERS.change(1)
        try:
            yield
        finally:
            self._listeners -= 1
            metrics.LISTENERS.change(-1)

    async def job(self, question: JobQuestion, timeout_s: float, *, at_once: bool = False) -> JobAnswer | None:
        """News of a job; None when there are none after ``timeout_s``. While the ledger is away there are none.

        ``at_once``: the next look does not wait for its time.

        Raises:
            HubClosedError: this process stops.
        """
        answer = await self._ask(_Pending(question, at_once=at_once), timeout_s)
        return answer if isinstance(answer, JobAnswer) else None

    async def tenant(self, question: TenantQuestion, timeout_s: float, *, at_once: bool = False) -> TenantAnswer | None:
        """News for a tenant; one without any after ``timeout_s``, and None when the ledger did not answer. Raises as ``job``."""
        answer = await self._ask(_Pending(question, at_once=at_once), timeout_s)
        return answer if isinstance(answer, TenantAnswer) else None

    def close(self) -> None:
        """Sends everybody away; nobody is taken any more."""
        self._is_closed = True
        if self._looking is not None:
            self._looking.cancel()
        for pending in self._pending:
            if not pending.news.done():
                pending.news.set_exception(HubClosedError())

    async def _ask(self, pending: _Pending, timeout_s: float) -> JobAnswer | TenantAnswer | None:
        if self._is_closed:
            raise HubClosedError
        self._pending[pending] = None
        if pending.at_once:
            self._hurry.set()
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name="event_hub")
        try:
            async with asyncio.timeout(timeout_s):
                return await pending.news
        except TimeoutError:
            return pending.nothing
        finally:
            del self._pending[pending]

    async def _look(self) -> None:
        loop = asyncio.get_running_loop()
        next_s = loop.time() + self._look_every_s
        while self._pending:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(next_s):
                    await self._hurry.wait()
                    await asyncio.sleep(_HURRY_S)
            self._hurry.clear()
            is_for_all = loop.time() >= next_s
            if is_for_all:
                next_s = loop.time() + self._look_every_s
            waiting = [pending for pending in self._pending if is_for_all or pending.at_once]
            for start in range(0, len(waiting), _AT_ONCE):
                await self._look_for(waiting[start : start + _AT_ONCE])

    async def _look_for(self, waiting: Sequence[_Pending]) -> None:
        for pending in waiting:
            pending.at_once = False
        try:
            await self._answer(waiting)
        except StenopoolError:
            # An outage is waited out: there are no news, and whoever looks at the job is told of it.
            return
        except Exception:  # noqa: BLE001 - nobody would be told anything any more.
            _log.exception("look_failed")

    async def _answer(self, waiting: Sequence[_Pending]) -> None:
        wishes = _wishes([pending.question for pending in waiting])
        sources = len(wishes.runs) + len(wishes.tenants)
        limit = max(_FEWEST_ENTRIES, min(MOST_ENTRIES, _ENTRIES_AT_ONCE // max(1, sources)))
        found = _Found(await self._ledger.do(events.news(wishes, limit)), wishes, limit)
        for pending in waiting:
            question = pending.question
            if isinstance(question, JobQuestion):
                answer = found.of_job(question)
                if answer is not None:
                    pending.answer(answer)
            else:
                pending.nothing = found.of_tenant(question)
                if question.after is None or not pending.nothing.is_empty:
                    pending.answer(pending.nothing)


class _Found:
    """One answer of the ledger, taken apart for those who asked."""

    def __init__(self, news: News, wishes: Wishes, limit: int) -> None:
        self._news = news
        self._limit = limit
        self._jobs = {job.job_id: job for job in news.jobs}
        self._gone = frozenset(news.gone)
        self._runs = dict(zip(wishes.runs, news.runs, strict=True))
        self._tenants = dict(zip(wishes.tenants, news.tenants, strict=True))

    def of_job(self, question: JobQuestion) -> JobAnswer | None:
        """What is new of the job; None for nothing."""
        job = self._jobs.get(question.job_id)
        if job is not None and job.mark == question.shown:
            job = None
        text = self._runs[question.run, question.after]
        is_gone = question.job_id in self._gone
        if job is None and not is_gone and text.is_continued and not text.entries:
            return None
        return JobAnswer(job, is_gone, text, is_cut=len(text.entries) >= self._limit)

    def of_tenant(self, question: TenantQuestion) -> TenantAnswer:
        """What is new for the tenant."""
        return TenantAnswer(self._tenants[question.tenant, question.after], self._news.last, self._limit)


def _wishes(questions: Sequence[Question]) -> Wishes:
    """All questions as one: equal ones are asked once, and a job that was shown differently is asked for as it is."""
    jobs: dict[str, Mark | None] = {}
    runs: dict[tuple[str, int], None] = {}
    tenants: dict[tuple[str, int | None], None] = {}
    for question in questions:
        if isinstance(question, TenantQuestion):
            tenants[question.tenant, question.after] = None
            continue
        runs[question.run, question.after] = None
        known = jobs.setdefault(question.job_id, question.shown)
        jobs[question.job_id] = known if known == question.shown else None
    return Wishes(jobs, tuple(runs), tuple(tenants))
