"""One look serves all who listen, and who is slow costs nothing."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

import pytest

from api.services.events.hub import EventHub, HubClosedError, JobQuestion, TenantQuestion
from stenopool.errors import ErrorCode, TransientError
from stenopool.ledger.call import Call
from stenopool.ledger.events import ChangeEntry, News, RunText, TenantNews
from stenopool.ledger.model import JobView, RunState
from tests.unit.api.events.made import RUN, a_job, said

T = TypeVar("T")
LOOK_S = 0.02


class Ledger:
    """Answers looks from a few jobs and one text."""

    def __init__(self, *jobs: JobView) -> None:
        self.jobs = {job.job_id: job for job in jobs}
        self.text = [said(5), said(6)]
        self.changes: list[ChangeEntry] = []
        self.looks: list[dict[str, list[dict[str, object]]]] = []
        self.is_away = False

    async def do(self, call: Call[T]) -> T:
        given = json.loads(call.argument)
        self.looks.append(given)
        if self.is_away:
            raise TransientError(ErrorCode.LEDGER_UNAVAILABLE, "the ledger does not answer")
        return cast(
            "T",
            News(
                last=9,
                jobs=tuple(self.jobs[job["job_id"]] for job in given["jobs"] if self._is_new(job)),
                gone=tuple(job["job_id"] for job in given["jobs"] if job["job_id"] not in self.jobs),
                runs=tuple(
                    RunText(
                        wish["run"],
                        is_continued=True,
                        entries=tuple(entry for entry in self.text if entry.number > int(wish["after"])),
                    )
                    for wish in given["runs"]
                ),
                tenants=tuple(
                    TenantNews(wish["tenant"], has_gap=False, changes=tuple(self.changes)) for wish in given["tenants"]
                ),
            ),
        )

    def _is_new(self, shown: dict[str, object]) -> bool:
        job = self.jobs.get(str(shown["job_id"]))
        return job is not None and job.rev != shown.get("rev")


def run(ledger: Ledger, act: Callable[[EventHub], Awaitable[None]]) -> None:
    async def play() -> None:
        hub = EventHub(ledger, LOOK_S, most=2)
        try:
            await act(hub)
        finally:
            hub.close()

    asyncio.run(asyncio.wait_for(play(), 10))


def about(job: JobView, after: int = 6) -> JobQuestion:
    return JobQuestion(job.job_id, job.mark, RUN, after)


def test_a_change_is_told_to_whoever_was_shown_something_else() -> None:
    old, new = a_job(rev=5), a_job(rev=6)

    async def act(hub: EventHub) -> None:
        first, second = await asyncio.gather(hub.job(about(old), 5), hub.job(about(new), 0.1))
        assert first is not None
        assert first.job == new
        assert second is None

    run(Ledger(new), act)


def test_text_is_told_from_each_listeners_place_on() -> None:
    async def act(hub: EventHub) -> None:
        first, second = await asyncio.gather(hub.job(about(a_job(), 0), 5), hub.job(about(a_job(), 5), 5))
        assert first is not None
        assert second is not None
        assert [entry.number for entry in first.text.entries] == [5, 6]
        assert [entry.number for entry in second.text.entries] == [6]

    run(Ledger(a_job()), act)


def test_all_listeners_share_one_look() -> None:
    ledger = Ledger(a_job())

    async def act(hub: EventHub) -> None:
        await asyncio.gather(*(hub.job(about(a_job()), LOOK_S * 1.5) for _ in range(100)))

    run(ledger, act)
    assert 1 <= len(ledger.looks) <= 2
    assert all(len(look["jobs"]) == len(look["runs"]) == 1 for look in ledger.looks)


def test_nobody_is_looked_for_who_does_not_ask() -> None:
    ledger = Ledger(a_job())

    async def act(hub: EventHub) -> None:
        await hub.job(about(a_job()), LOOK_S * 2)
        looks = len(ledger.looks)
        await asyncio.sleep(LOOK_S * 5)
        assert len(ledger.looks) <= looks + 1

    run(ledger, act)


def test_a_newcomer_does_not_wait_for_the_next_look_and_hurries_nobody_else() -> None:
    ledger = Ledger(a_job())

    async def act(_: EventHub) -> None:
        hub = EventHub(ledger, look_every_s=60)
        waiting = asyncio.create_task(hub.job(about(a_job()), 30))
        await asyncio.sleep(0)
        newcomer = await asyncio.wait_for(hub.job(about(a_job(), 0), 30, at_once=True), 5)
        assert newcomer is not None
        assert [look["runs"] for look in ledger.looks] == [[{"run": RUN, "after": "0"}]]
        hub.close()
        with pytest.raises(HubClosedError):
            await waiting

    run(ledger, act)


def test_an_outage_is_waited_out() -> None:
    ledger = Ledger(a_job())
    ledger.is_away = True

    async def act(hub: EventHub) -> None:
        asked = asyncio.create_task(hub.job(about(a_job(), 0), 5))
        await asyncio.sleep(LOOK_S * 3)
        assert not asked.done()
        ledger.is_away = False
        assert await asked is not None

    run(ledger, act)


def test_a_job_that_is_gone_is_told_as_gone() -> None:
    async def act(hub: EventHub) -> None:
        answer = await hub.job(about(a_job()), 5)
        assert answer is not None
        assert answer.is_gone

    run(Ledger(), act)


def test_a_tenant_without_news_hears_how_far_events_are() -> None:
    async def act(hub: EventHub) -> None:
        quiet = await hub.tenant(TenantQuestion("ann", 3), LOOK_S * 3)
        assert quiet is not None
        assert (quiet.is_empty, quiet.last) == (True, 9)
        fresh = await hub.tenant(TenantQuestion("ann", None), 5)
        assert fresh is not None
        assert fresh.last == 9

    run(Ledger(), act)


def test_a_tenants_news_are_told() -> None:
    ledger = Ledger()
    ledger.changes = [ChangeEntry(4, "a" * 32, RunState.QUEUED, "", "")]

    async def act(hub: EventHub) -> None:
        answer = await hub.tenant(TenantQuestion("ann", 3), 5)
        assert answer is not None
        assert answer.news.changes == tuple(ledger.changes)

    run(ledger, act)


def test_no_more_listen_than_may() -> None:
    async def act(hub: EventHub) -> None:
        with hub.listening(), hub.listening():
            with pytest.raises(TransientError) as refusal:
                hub.require_place()
            assert refusal.value.code is ErrorCode.TOO_MANY_LISTENERS
        hub.require_place()

    run(Ledger(), act)


def test_a_process_that_stops_sends_everybody_away() -> None:
    async def act(hub: EventHub) -> None:
        asked = asyncio.create_task(hub.job(about(a_job()), 30))
        await asyncio.sleep(LOOK_S)
        hub.close()
        with pytest.raises(HubClosedError):
            await asked
        with pytest.raises(HubClosedError):
            await hub.job(about(a_job()), 30)
        with pytest.raises(TransientError):
            hub.require_place()

    run(Ledger(a_job()), act)
