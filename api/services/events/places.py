"""How far a listener of a job is, as the id of an event says it. Pure."""

import re
from dataclasses import dataclass, replace
from typing import Final, Self

from stenopool.ledger.events import TextEntry, TextKind
from stenopool.ledger.model import RunState

FIRST_SPAN: Final = "span-0"

_ID: Final = re.compile(r"([0-9a-f]{8})\.(\d{1,16})\.(\d{1,6}|x)(w?)(?:\.(completed|failed|cancelled))?")
_RUN_DIGITS: Final = 8


@dataclass(frozen=True, slots=True)
class JobPlace:
    """A place in the text of one run."""

    run: str = ""
    """The first digits of the transcription's id: a retry begins another."""
    after: int = 0
    """Number of the last entry that was heard in the ledger; 0 for none."""
    shown: int | None = 0
    """How many segments are shown, where these are the first of the transcript; None where they may be others."""
    is_whole: bool = False
    """Whether they are all."""
    ended: RunState | None = None
    """The ending that was told."""

    @classmethod
    def at_start(cls, transcription_id: str) -> Self:
        """Nothing was heard of this run."""
        return cls(transcription_id[:_RUN_DIGITS])

    @classmethod
    def parse(cls, text: str) -> Self:
        """The place that an id names. What is no id may have been anywhere."""
        match = _ID.fullmatch(text)
        if match is None:
            return cls(shown=None)
        run, after, shown, whole, ended = match.groups()
        return cls(
            run, int(after), None if shown == "x" else int(shown), bool(whole), RunState(ended) if ended else None
        )

    def __str__(self) -> str:
        """The id of an event that leads here."""
        shown = "x" if self.shown is None else str(self.shown)
        ending = f".{self.ended}" if self.ended else ""
        return f"{self.run}.{self.after}.{shown}{'w' if self.is_whole else ''}{ending}"

    def is_in(self, transcription_id: str) -> bool:
        """Whether the place is one in this run."""
        return self.run == transcription_id[:_RUN_DIGITS]

    def behind(self, entry: TextEntry) -> "JobPlace":
        """The place of who has heard this entry, too."""
        moved = replace(self, after=entry.number)
        match entry.kind:
            case TextKind.WHOLE:
                done, _, of = entry.body.partition("/")
                return replace(moved, is_whole=done == of)
            case TextKind.RESTARTED:
                # Of another span than the first it leaves what is shown in an order that no transcript has.
                shown = 0 if entry.unit == FIRST_SPAN and self.shown is not None else None
                return replace(moved, shown=shown, is_whole=False)
            case TextKind.SEGMENT:
                # Live text comes span by span as each is recognised, the transcript in the order of the recording.
                is_next = self.shown is not None and entry.unit == FIRST_SPAN
                return replace(moved, shown=(self.shown or 0) + 1 if is_next else None)
