"""What the listener of all of a tenant's jobs is told. Pure: answers of the hub go in, events come out."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from api.services.events.event import EventName
from api.services.events.hub import TenantAnswer, TenantQuestion
from stenopool.ledger.events import ChangeEntry, TenantText, TextEntry, TextKind

PROGRESS_EVERY_S: Final = 1.0

_KEPT_RUNS: Final = 1000
"""Whose last progress is remembered."""


@dataclass(frozen=True, slots=True)
class TenantEvent:
    """One event of a tenant. ``place`` is where a listener goes on that has heard it; None: where it was."""

    name: EventName
    place: int | None = None
    change: ChangeEntry | None = None
    """Of a state: which job, and why it failed."""
    text: TenantText | None = None
    """Of segments, restarts and progress: the jobs they are for, and how far the run is."""
    segment: str | None = None
    """Of a segment: its JSON."""
    span: int | None = None


class TenantReel:
    """One listener's view of a tenant's jobs."""

    def __init__(self, tenant: str, after: int | None) -> None:
        """``after``: the event up to which the listener knows all; None: it begins now."""
        self._tenant = tenant
        self.after = after
        self.is_behind = False
        """Whether there is more to be told at once."""
        self._progress_at: dict[str, float] = {}

    def begin(self, answer: TenantAnswer) -> None:
        """Settles where a listener without a place begins: behind all that has happened until now."""
        self.after = answer.last

    def question(self) -> TenantQuestion:
        """What to ask the hub next."""
        return TenantQuestion(self._tenant, self.after)

    def hear(self, answer: TenantAnswer, now_s: float) -> Iterator[TenantEvent]:
        """The events in an answer, in the order in which they happened. Afterwards ``after`` is behind all of them."""
        # An event that the ledger does not know yet is one that it has lost.
        if answer.news.has_gap or (self.after is not None and self.after > answer.last):
            self.after, self.is_behind = answer.last, False
            yield TenantEvent(EventName.RELOAD, answer.last)
            return
        upto = _upto(answer)
        self.is_behind = upto is not None
        told = sorted(_all_events(answer), key=lambda event: event.place or 0)
        for event in told:
            if upto is None or (event.place or 0) <= upto:
                yield event
        yield from self._progress(answer, now_s)
        self.after = answer.last if upto is None else upto

    def _progress(self, answer: TenantAnswer, now_s: float) -> Iterator[TenantEvent]:
        for text in answer.news.texts:
            last_s = self._progress_at.get(text.transcription_id)
            if text.audio_s and (last_s is None or now_s - last_s >= PROGRESS_EVERY_S):
                self._progress_at.pop(text.transcription_id, None)
                self._progress_at[text.transcription_id] = now_s
                yield TenantEvent(EventName.PROGRESS, text=text)
        while len(self._progress_at) > _KEPT_RUNS:
            del self._progress_at[next(iter(self._progress_at))]


def _upto(answer: TenantAnswer) -> int | None:
    """The event up to which the answer has all; None: up to the last. A source that was cut may have more behind it."""
    news = answer.news
    sources: list[tuple[ChangeEntry, ...] | tuple[TextEntry, ...]] = [
        news.changes,
        *(text.entries for text in news.texts),
    ]
    ends = [entries[-1].number for entries in sources if len(entries) >= answer.limit]
    if news.upto is not None:
        ends.append(news.upto)
    return min(ends, default=None)


def _all_events(answer: TenantAnswer) -> Iterator[TenantEvent]:
    for change in answer.news.changes:
        yield TenantEvent(EventName(change.state), change.number, change=change)
    for text in answer.news.texts:
        for entry in text.entries:
            span = int(entry.unit.rpartition("-")[2])
            if entry.kind is TextKind.SEGMENT:
                yield TenantEvent(EventName.SEGMENT, entry.number, text=text, segment=entry.body, span=span)
            elif entry.kind is TextKind.RESTARTED:
                yield TenantEvent(EventName.SPAN_RESTARTED, entry.number, text=text, span=span)
