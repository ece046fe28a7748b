"""The text of a job in pieces, as it becomes known: what a stream's deltas are made of."""

from collections.abc import AsyncIterator, Iterator
from typing import Protocol

from api.services.lookup import Lookup
from api.services.openai.waiting import StillRunningError, Waiting
from stenopool.transcripts.model import Transcript


class TextFeed(Protocol):
    """Gives a job's text in pieces."""

    def pieces(self, job_id: str, tenant: str, limit_s: float) -> AsyncIterator[str]:
        """Pieces that make the transcript's text when put together; ends when the job is completed.

        Raises:
            StillRunningError: not completed after ``limit_s``.
            JobFailedError: it failed.
            UsageError: ``job_cancelled`` or ``unknown_job``.
            TransientError: ``ledger_unavailable``, ``ledger_lost`` or ``store_unavailable``.
        """
        ...


class FinishedText:
    """The text of a finished run, a segment at a time. Segments that are told while a run works take this place."""

    def __init__(self, waiting: Waiting, lookup: Lookup) -> None:
        self._waiting = waiting
        self._lookup = lookup

    async def pieces(self, job_id: str, tenant: str, limit_s: float) -> AsyncIterator[str]:
        """As ``TextFeed``."""
        if await self._waiting.ended(job_id, tenant, limit_s) is None:
            raise StillRunningError(job_id)
        _, transcript = await self._lookup.transcript(job_id, tenant)
        for piece in pieces_of(transcript):
            yield piece


def pieces_of(transcript: Transcript) -> Iterator[str]:
    """The transcript's text cut after each segment; what stands between two, if anything, goes with the second."""
    text, start = transcript.text, 0
    for segment in transcript.segments:
        at = text.find(segment.text, start)
        end = at + len(segment.text)
        if at >= 0 and end > start:
            yield text[start:end]
            start = end
    if start < len(text):
        yield text[start:]
