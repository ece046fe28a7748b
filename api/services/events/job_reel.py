"""What the listener of one job is told, and when. Pure: answers of the hub go in, events come out."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from api.services.events.event import Event, EventName
from api.services.events.hub import JobAnswer, JobQuestion
from api.services.events.places import JobPlace
from stenopool.ledger.events import TextEntry, TextKind
from stenopool.ledger.model import JobView, RunState

PROGRESS_EVERY_S: Final = 1.0


class JobReel:
    """One listener's view of a job."""

    def __init__(self, job: JobView, place: JobPlace | None) -> None:
        """``place``: where the listener says it was."""
        self.place = JobPlace.at_start(job.transcription_id) if place is None else place
        self.job = job
        self.is_over = False
        """Whether the job has ended and all text that the ledger has was told."""
        self._told = job
        self._told_at = 0.0

    def begin(self, now_s: float) -> Iterator[Event]:
        """What is told at once: where the job is, and that it runs anew if the place is in another run."""
        yield from self._enter_run()
        if not self.job.state.ended:
            yield self._state(now_s)

    def question(self) -> JobQuestion:
        """What to ask the hub next. A job that has ended has no news; its text is asked for all the same."""
        shown = None if self.job.state.ended else self.job.mark
        return JobQuestion(self.job.job_id, shown, self.job.transcription_id, self.place.after)

    def due_in_s(self, now_s: float) -> float | None:
        """Seconds until held back progress may be told; None when none is held back."""
        if self.job.state.ended or not _has_moved(self._told, self.job):
            return None
        return max(0.0, self._told_at + PROGRESS_EVERY_S - now_s)

    def hear(self, answer: JobAnswer, now_s: float) -> Iterator[Event]:
        """The events in an answer."""
        run = self.job.transcription_id
        self.job = answer.job or self.job
        if self.job.transcription_id != run:
            # Tried again: the text of the last run is no part of it any more.
            yield from self._enter_run()
            yield self._state(now_s)
            return
        if self.job.state is not self._told.state and not self.job.state.ended:
            yield self._state(now_s)
        if not answer.text.is_continued and not self._goes_on_from_transcript():
            yield from self._restart()
            return
        for entry in answer.text.entries if answer.text.is_continued else ():
            yield from self._entry(entry)
        yield from self.progress(now_s)
        self.is_over = self.job.state.ended and not answer.is_cut

    def progress(self, now_s: float) -> Iterator[Event]:
        """Progress, if there is some and its time has come."""
        if self.due_in_s(now_s) == 0.0:
            self._told, self._told_at = self.job, now_s
            # A place in the queue that changes is no progress.
            name = EventName.QUEUED if self.job.state is RunState.QUEUED else EventName.PROGRESS
            yield Event(name, job=self.job)

    def rest(self, segment: str) -> Event:
        """The next segment out of the transcript, after those that are shown."""
        self.place = replace(self.place, shown=(self.place.shown or 0) + 1)
        return Event(EventName.SEGMENT, str(self.place), segment=segment)

    def restart(self) -> Iterator[Event]:
        """What is shown counts no more, if anything is."""
        if self.place.shown != 0:
            yield from self._restart()

    def ending(self) -> Event:
        """How the job ended."""
        self.place = replace(self.place, is_whole=True, ended=self.job.state)
        return Event(EventName(self.job.state), str(self.place), job=self.job)

    def _enter_run(self) -> Iterator[Event]:
        if not self.place.is_in(self.job.transcription_id):
            yield from self.restart()
            self.place = JobPlace.at_start(self.job.transcription_id)
        self.place = replace(self.place, ended=None)

    def _goes_on_from_transcript(self) -> bool:
        """Whether what the ledger has forgotten need not be told once more: the transcript has the rest, or nobody."""
        ended = self.job.state.ended
        return ended and (self.job.transcript_key is None or self.place.shown is not None)

    def _restart(self) -> Iterator[Event]:
        self.place = JobPlace.at_start(self.job.transcription_id)
        yield Event(EventName.SPAN_RESTARTED, str(self.place))

    def _entry(self, entry: TextEntry) -> Iterator[Event]:
        self.place = self.place.behind(entry)
        span = int(entry.unit.rpartition("-")[2])
        if entry.kind is TextKind.RESTARTED:
            yield Event(EventName.SPAN_RESTARTED, str(self.place), span=span)
        elif entry.kind is TextKind.SEGMENT:
            yield Event(EventName.SEGMENT, str(self.place), segment=entry.body, span=span)

    def _state(self, now_s: float) -> Event:
        self._told, self._told_at = self.job, now_s
        return Event(EventName(self.job.state), job=self.job)


def _has_moved(before: JobView, after: JobView) -> bool:
    """Whether a client that was told the one would see a difference in the other."""

    def seen(job: JobView) -> tuple[object, ...]:
        return (job.state, job.stage, job.position, job.done_s, job.audio_s, job.attempt)

    return seen(before) != seen(after)
