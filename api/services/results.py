"""Results: the stored transcript of a completed job as a document in the format that is asked for."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import anyio
import anyio.to_thread

import stenopool
from api.services.lookup import Lookup, result_expired, unreadable
from api.services.piece_stream import PieceStream, gathered
from api.services.stored import missing, open_stored
from stenopool.errors import ErrorCode, UsageError
from stenopool.ledger.model import JobView
from stenopool.media.store import Store
from stenopool.transcripts.formats import CueRules, Format, render_pieces, rules_for
from stenopool.transcripts.formats.cues import written_language
from stenopool.transcripts.reading import ReadTranscript, read_transcript

_AT_ONCE: Final = 2
"""Threads that make pieces, so that many readers of long results do not starve everything else of processor time. A
reader holds a place while a piece is made for it, not while it takes the piece."""

ToJson = Callable[[JobView, ReadTranscript], Iterator[str]]
"""Writes the transcript as the API's own JSON, in pieces."""


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
    """A result that is there, and how it is wished for."""

    job: JobView
    key: str
    form: Format
    wishes: CueWishes

    @property
    def tag(self) -> str:
        """Names the bytes that it is: a transcript never changes, what is made of it may with a release."""
        made_of = (stenopool.__version__, self.job.job_id, self.job.cached, self.key, self.form, self.wishes)
        return hashlib.sha256(repr(made_of).encode()).hexdigest()[:32]


class Results:
    """Finds results and writes them. Nothing is recognised again, whatever the format."""

    def __init__(self, lookup: Lookup, store: Store) -> None:
        self._lookup = lookup
        self._store = store
        self._places = anyio.CapacityLimiter(_AT_ONCE)

    async def document(self, job_id: str, tenant: str, form: Format, wishes: CueWishes) -> Document:
        """The document that is asked for. One Redis round trip and a look into the store.

        Raises:
            UsageError: ``result_expired``, and as ``Lookup.completed``.
            TransientError: ``store_unavailable``, and as ``Lookup.completed``.
        """
        job, key = await self._lookup.completed(job_id, tenant)
        await anyio.to_thread.run_sync(self._require, key)
        return Document(job, key, form, wishes)

    async def written(self, document: Document, to_json: ToJson) -> PieceStream:
        """The document in pieces of some 64 KB, the first of them made already.

        The transcript is read as the pieces are asked for; subtitles alone need its words together (``render_pieces``).

        Raises:
            UsageError: ``invalid_option`` for rules that contradict each other, ``result_expired``.
            TransientError: ``store_unavailable``.
            FatalError: ``internal_error`` when what is stored is no transcript.
        """
        stream = PieceStream(gathered(self._pieces(document, to_json)), self._places)
        await stream.begin()
        return stream

    def _pieces(self, document: Document, to_json: ToJson) -> Iterator[str]:
        with open_stored(self._store, document.key, result_expired()) as file:
            try:
                transcript = read_transcript(file)
                if document.form is Format.JSON:
                    yield from to_json(document.job, transcript)
                    return
                rules = document.wishes.rules(written_language(transcript))
                yield from render_pieces(transcript, document.form, rules)
            except (ValueError, OSError) as error:
                raise unreadable(error) from error

    def _require(self, key: str) -> None:
        if not self._store.exists(key):
            raise missing(self._store, result_expired())
