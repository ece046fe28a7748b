"""Jobs and texts for the tests of events."""

from dataclasses import replace
from typing import Any

from stenopool.ledger.events import RunText, TextEntry, TextKind
from stenopool.ledger.model import JobView, RunState

RUN = "7" * 32

_JOB = JobView(
    job_id="a" * 32,
    tenant="ann",
    name="talk.wav",
    state=RunState.PROCESSING,
    transcription_id=RUN,
    digest="d" * 64,
    pool="recognise.fake.fake",
    identity="{}",
    created_ms=1_790_000_000_000,
    started_ms=1_790_000_001_000,
    ended_ms=None,
    audio_s=10.0,
    done_s=0.0,
    stage="span",
    attempt=1,
    position=None,
    reason=None,
    detail=None,
    transcript_key=None,
    cached=False,
    rev=5,
)


def a_job(**changes: Any) -> JobView:
    return replace(_JOB, **changes)


def said(number: int, body: str = "{}", unit: str = "span-0") -> TextEntry:
    return TextEntry(number, TextKind.SEGMENT, unit, body)


def restarted(number: int, unit: str = "span-0") -> TextEntry:
    return TextEntry(number, TextKind.RESTARTED, unit, "")


def whole(number: int, body: str = "1/1", unit: str = "span-0") -> TextEntry:
    return TextEntry(number, TextKind.WHOLE, unit, body)


def text(*entries: TextEntry, is_continued: bool = True) -> RunText:
    return RunText(RUN, is_continued, entries)
