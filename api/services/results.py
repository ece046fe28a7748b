"""Results: the stored transcript of a completed job as a document in the format that is asked for."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import anyio
import anyio.to_thread

from api.services.lookup import Lookup
from stenopool.errors import ErrorCode, UsageError
from stenopool.ledger.model import JobView
from stenopool.transcripts.formats import CueRules, Format, render, rules_for
from stenopool.transcripts.formats.cues import written_language
from stenopool.transcripts.model import Transcript

_AT_ONCE: Final = 2
"""Transcripts in memory as objects: hours of speech with words are tens of megabytes each, so the others queue."""

ToJson = Callable[[JobView, Transcript], bytes]
"""Writes the transcript as the API's own JSON."""


@dataclass(frozen=True, slots=True)
class CueWishes:
    """Rules of subtitles that a client set; None leaves the rule to the guide of the language."""

    line_columns: int | None = None
    lines: int | None = None
    min_s: float | None = None
    max_s: float | None = None
    columns_per_second: float | None = None
    gap_s: float | None = None

    def rules(self, language: str) -> CueRules:
        """The rules in force for a text in ``language``.

        Raises:
            UsageError: ``invalid_option`` when the least duration is more than the longest.
        """
        base = rules_for(language)
        min_s = base.min_s if self.min_s is None else self.min_s
        max_s = base.max_s if self.max_s is None else self.max_s
        if min_s > max_s:
            what = f"min_duration: {min_s:g} s is more than max_duration, {max_s:g} s"
            raise UsageError(ErrorCode.INVALID_OPTION, what, "raise max_duration as well")
        return replace(
            base,
            line_columns=base.line_columns if self.line_columns is None else self.line_columns,
            lines=base.lines if self.lines is None else self.lines,
            min_s=min_s,
            max_s=max_s,
            columns_per_second=self.columns_per_second or base.columns_per_second,
            gap_s=base.gap_s if self.gap_s is None else self.gap_s,
        )


@dataclass(frozen=True, slots=True)
class Document:
    """A result ready to be sent."""

    job: JobView
    body: bytes


class Results:
    """Makes documents. Nothing is recognised again, whatever the format."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._places = anyio.CapacityLimiter(_AT_ONCE)

    async def document(self, job_id: str, tenant: str, form: Format, wishes: CueWishes, *, to_json: ToJson) -> Document:
        """The document. One Redis round trip and one read of the store, rendered in a thread.

        Raises:
            UsageError: ``invalid_option`` for rules that contradict each other, ``result_expired``, and as
                ``Lookup.completed``.
            TransientError: ``store_unavailable``, and as ``Lookup.completed``.
        """
        job, key = await self._lookup.completed(job_id, tenant)
        make = partial(self._make, job, key, form, wishes, to_json=to_json)
        return Document(job, await anyio.to_thread.run_sync(make, limiter=self._places))

    def _make(self, job: JobView, key: str, form: Format, wishes: CueWishes, *, to_json: ToJson) -> bytes:
        transcript = self._lookup.read(key)
        if form is Format.JSON:
            return to_json(job, transcript)
        return render(transcript, form, wishes.rules(written_language(transcript))).encode()
