"""The text of a job in pieces, as it becomes known: what a stream's deltas are made of."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

from api.services.events.event import Event, EventName
from api.services.events.following import JobFollowing
from api.services.events.hub import HubClosedError
from api.services.lookup import Lookup
from api.services.openai.deltas import Deltas
from api.services.openai.waiting import StillRunningError
from stenopool.errors import ErrorCode, TransientError


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of the text, or at the end the whole."""

    text: str
    is_whole: bool = False


class TextFeed(Protocol):
    """Gives a job's text in pieces."""

    def pieces(self, job_id: str, tenant: str, limit_s: float) -> AsyncGenerator[Piece, None]:
        """Pieces as they become known, then the transcript's text; they make it up unless an attempt said otherwise.

        Raises:
            StillRunningError: not completed after ``limit_s``.
            JobFailedError: it failed.
            UsageError: ``job_cancelled`` or ``unknown_job``.
            TransientError: ``ledger_unavailable``, ``ledger_lost``, ``store_unavailable`` or ``shutting_down``.
        """
        ...


class LiveText:
    """Pieces out of the events of the job."""

    def __init__(self, following: JobFollowing, lookup: Lookup) -> None:
        self._following = following
        self._lookup = lookup

    async def pieces(self, job_id: str, tenant: str, limit_s: float) -> AsyncGenerator[Piece, None]:
        """As ``TextFeed``."""
        until_s = asyncio.get_running_loop().time() + limit_s
        deltas = Deltas()
        job = await self._lookup.job(job_id, tenant)
        async with aclosing(self._following.events(job, None)) as events:
            while (event := await _next(events, job_id, until_s)) is not None:
                delta = _heard(deltas, event)
                if delta:
                    yield Piece(delta)
        _, transcript = await self._lookup.transcript(job_id, tenant)
        rest = deltas.end(transcript.text)
        if rest:
            yield Piece(rest)
        yield Piece(transcript.text, is_whole=True)


def _heard(deltas: Deltas, event: Event) -> str:
    # Live text of later spans may come before that of the first has ended: it is left to the end.
    if event.span:
        return ""
    if event.name is EventName.SPAN_RESTARTED:
        deltas.restart()
    if event.segment is None:
        return ""
    return deltas.hear(str(json.loads(event.segment)["text"]))


async def _next(events: AsyncGenerator[Event, None], job_id: str, until_s: float) -> Event | None:
    try:
        async with asyncio.timeout_at(until_s):
            return await anext(events, None)
    except TimeoutError:
        raise StillRunningError(job_id) from None
    except HubClosedError as error:
        raise TransientError(
            ErrorCode.SHUTTING_DOWN, "this process is stopping", "repeat the call, it joins the running work"
        ) from error
