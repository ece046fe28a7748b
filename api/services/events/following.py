"""Follows a job for one listener: asks the hub, passes on what is new, ends with the job."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from functools import partial
from itertools import islice
from typing import BinaryIO, Final

import anyio.to_thread

from api.services.events.event import Event
from api.services.events.hub import EventHub
from api.services.events.job_reel import JobReel
from api.services.events.places import JobPlace
from stenopool.errors import ErrorCode, FatalError, TransientError
from stenopool.ledger.model import JobView, RunState
from stenopool.media.store import Store
from stenopool.transcripts.live import LiveSegment
from stenopool.transcripts.reading import read_transcript

_PATIENCE_S: Final = 60.0
"""How long one question stands before it is asked anew; nothing depends on it."""

_AT_ONCE: Final = 200
"""Segments of a transcript in memory for one listener."""


class JobFollowing:
    """Follows jobs."""

    def __init__(self, hub: EventHub, store: Store) -> None:
        self._hub = hub
        self._store = store

    async def events(self, job: JobView, place: JobPlace | None) -> AsyncGenerator[Event, None]:
        """The events of the job from ``place`` on, the last of which is its ending; none follow a job that is gone.

        Raises:
            HubClosedError: this process stops.
            TransientError: ``store_unavailable``.
            FatalError: ``internal_error`` when what is stored is no transcript.
        """
        reel = JobReel(job, place)
        for event in reel.begin(_now_s()):
            yield event
        at_once = True
        while not reel.is_over:
            due_s = reel.due_in_s(_now_s())
            timeout_s = _PATIENCE_S if due_s is None else due_s
            answer = await self._hub.job(reel.question(), timeout_s, at_once=at_once)
            if answer is not None and answer.is_gone:
                return
            for event in reel.progress(_now_s()) if answer is None else reel.hear(answer, _now_s()):
                yield event
            at_once = answer is not None and (answer.is_cut or not answer.text.is_continued)
        async for event in self._rest(reel):
            yield event
        yield reel.ending()

    async def _rest(self, reel: JobReel) -> AsyncIterator[Event]:
        """What was not told while the run worked, out of its transcript."""
        job = reel.job
        if job.state is not RunState.COMPLETED or job.transcript_key is None or reel.place.is_whole:
            return
        if reel.place.shown is None:
            for event in reel.restart():
                yield event
        file = await anyio.to_thread.run_sync(self._open, job.transcript_key)
        if file is None:
            return
        try:
            segments = _segments(file, reel.place.shown or 0)
            while batch := await anyio.to_thread.run_sync(partial(_next, segments)):
                for segment in batch:
                    yield reel.rest(segment)
        finally:
            file.close()

    def _open(self, key: str) -> BinaryIO | None:
        """The transcript; None when it is not kept any more. Raises ``TransientError``: ``store_unavailable``."""
        try:
            return self._store.open(key)
        except KeyError:
            return None


def _segments(file: BinaryIO, behind: int) -> Iterator[str]:
    """What is told of the segments behind the first few. Reads when it is asked; raises ``ValueError``, ``OSError``."""
    place = 0
    for segment in read_transcript(file).segments:
        live = LiveSegment.of(segment)
        if live is not None:
            place += 1
            if place > behind:
                yield live.to_json()


def _next(segments: Iterator[str]) -> list[str]:
    try:
        return list(islice(segments, _AT_ONCE))
    except OSError as error:
        raise TransientError(ErrorCode.STORE_UNAVAILABLE, "the transcript cannot be read just now") from error
    except ValueError as error:
        raise FatalError(ErrorCode.INTERNAL_ERROR, "the stored transcript cannot be read") from error


def _now_s() -> float:
    return asyncio.get_running_loop().time()
