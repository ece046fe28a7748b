"""Waiting for news: one look for all, woken by what each waits for, quiet when nobody waits."""

import asyncio
import time

from api.services.job_watch import JobWatch
from stenopool.errors import ErrorCode, TransientError
from stenopool.ledger.model import Mark, RunState
from tests.unit.api.fake_ledger import FakeLedger

LOOK_S = 0.02


def mark(job_id: str, state: RunState = RunState.QUEUED) -> Mark:
    return Mark(job_id, "t", 1, state, None)


def ended(seen: Mark) -> bool:
    return seen.state.ended


def test_a_thousand_waiters_share_their_looks() -> None:
    jobs = [f"job-{number}" for number in range(1000)]
    queued = tuple(mark(job) for job in jobs)
    completed = tuple(mark(job, RunState.COMPLETED) for job in jobs)
    # 500 jobs a call: the first look is two calls, and so is the second, which has the news.
    ledger = FakeLedger(marks=[queued[:500], queued[500:], completed[:500], completed[500:]])
    watch = JobWatch(ledger, LOOK_S)

    async def main() -> None:
        await asyncio.gather(*(watch.wait(job, ended, 30) for job in jobs))

    asyncio.run(main())
    assert len(ledger.calls["marks"]) == 4


def test_a_waiter_without_news_is_let_go_in_time() -> None:
    watch = JobWatch(FakeLedger(marks=(mark("a"),)), LOOK_S)

    async def main() -> float:
        began = time.monotonic()
        await watch.wait("a", ended, 0.2)
        return time.monotonic() - began

    assert 0.2 <= asyncio.run(main()) < 2


def test_a_job_that_is_gone_is_news() -> None:
    asyncio.run(asyncio.wait_for(JobWatch(FakeLedger(marks=()), LOOK_S).wait("a", ended, 30), 5))


def test_an_outage_is_waited_through() -> None:
    away = TransientError(ErrorCode.LEDGER_UNAVAILABLE, "the ledger does not answer")
    ledger = FakeLedger(marks=[away, away, (mark("a", RunState.FAILED),)])
    asyncio.run(asyncio.wait_for(JobWatch(ledger, LOOK_S).wait("a", ended, 30), 5))
    assert len(ledger.calls["marks"]) == 3


def test_nobody_looks_when_nobody_waits() -> None:
    ledger = FakeLedger(marks=(mark("a"),))
    watch = JobWatch(ledger, LOOK_S)

    async def main() -> int:
        await watch.wait("a", ended, 0.1)
        looks = len(ledger.calls["marks"])
        await asyncio.sleep(5 * LOOK_S)
        return len(ledger.calls["marks"]) - looks

    assert asyncio.run(main()) <= 1


def test_closing_lets_everybody_go() -> None:
    async def main() -> None:
        watch = JobWatch(FakeLedger(marks=(mark("a"),)), LOOK_S)
        waiting = asyncio.create_task(watch.wait("a", ended, 30))
        await asyncio.sleep(3 * LOOK_S)
        await watch.close()
        await asyncio.wait_for(waiting, 5)

    asyncio.run(main())
