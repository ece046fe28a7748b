from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from stenopool.errors import ErrorCode, FatalError, UsageError
from stenopool.transcripts.model import EngineIdentity, Segment, Word
from stenopool.transcripts.options import Options
from worker.engines.base import Audio, Heard, SpeechSpan
from worker.pipeline.recognise import SpanOutcome, recognise_span

AUDIO = np.zeros(160_000, np.float32)


class Scripted:
    """An engine and its running call: gives the scripted segments, raises what stands among them."""

    identity = EngineIdentity(engine="scripted", model="m", revision="r", compute_type="none")
    seconds_per_audio_second = 1.0
    heard = Heard("en")

    def __init__(self, *script: Segment | Exception, refusal: UsageError | None = None) -> None:
        self.script = script
        self.refusal = refusal
        self.given = 0

    def check(self, options: Options) -> None: ...

    def warm_up(self) -> None: ...

    def recognise(self, audio: Audio, options: Options, speech: Sequence[SpeechSpan] | None) -> "Scripted":
        if self.refusal:
            raise self.refusal
        return self

    def segments(self) -> Iterator[Segment]:
        for step in self.script:
            if isinstance(step, Exception):
                raise step
            self.given += 1
            yield step


def segment(start: float, end: float) -> Segment:
    return Segment(start=start, end=end, text="w", words=(Word(start=start, end=end, word="w"),))


class Onlooker:
    def __init__(self, stop_after: int = 99) -> None:
        self.seen: list[tuple[Segment, float]] = []
        self.stop_after = stop_after

    def watch(self, engine: Scripted, offset_s: float = 0.0) -> SpanOutcome:
        return recognise_span(
            engine,
            AUDIO,
            Options(),
            None,
            offset_s=offset_s,
            on_segment=lambda found, done_s: self.seen.append((found, done_s)),
            should_stop=lambda: len(self.seen) >= self.stop_after,
        )


def test_times_count_from_the_start_of_the_media() -> None:
    outcome = Onlooker().watch(Scripted(segment(1, 2)), offset_s=30)
    (found,) = outcome.segments
    assert (found.start, found.end) == (31, 32)
    assert [(word.start, word.end) for word in found.words or ()] == [(31, 32)]


def test_progress_counts_from_the_start_of_the_span() -> None:
    onlooker = Onlooker()
    onlooker.watch(Scripted(segment(1, 2), segment(3, 4)), offset_s=30)
    assert [(found.end, done_s) for found, done_s in onlooker.seen] == [(32, 2), (34, 4)]


def test_a_stop_asks_for_no_further_segment() -> None:
    engine = Scripted(segment(1, 2), segment(3, 4), segment(5, 6))
    outcome = Onlooker(stop_after=2).watch(engine)
    assert (outcome.stopped, len(outcome.segments), engine.given) == (True, 2, 2)


def test_a_stop_before_the_start_asks_for_none() -> None:
    engine = Scripted(segment(1, 2))
    assert Onlooker(stop_after=0).watch(engine).stopped
    assert engine.given == 0


def test_the_end_is_no_stop() -> None:
    assert not Onlooker().watch(Scripted(segment(1, 2))).stopped


def test_memory_that_is_out_is_told_apart() -> None:
    with pytest.raises(FatalError) as raised:
        Onlooker().watch(Scripted(segment(1, 2), MemoryError()))
    assert raised.value.code == ErrorCode.OUT_OF_MEMORY
    assert raised.value.__suppress_context__


def test_whatever_an_engine_raises_is_the_units_failure() -> None:
    with pytest.raises(FatalError) as raised:
        Onlooker().watch(Scripted(ZeroDivisionError("/secret/path")))
    assert raised.value.code == ErrorCode.ENGINE_FAILED
    assert "/secret" not in str(raised.value)
    assert isinstance(raised.value.__cause__, ZeroDivisionError)


def test_a_refusal_stays_the_callers() -> None:
    with pytest.raises(UsageError):
        Onlooker().watch(Scripted(refusal=UsageError(ErrorCode.TASK_NOT_SUPPORTED, "no")))


def test_what_an_onlooker_raises_goes_through() -> None:
    class LeaseLostError(Exception):
        pass

    def refuse(_segment: Segment, _done_s: float) -> None:
        raise LeaseLostError

    with pytest.raises(LeaseLostError):
        recognise_span(
            Scripted(segment(1, 2)),
            AUDIO,
            Options(),
            None,
            offset_s=0,
            on_segment=refuse,
            should_stop=lambda: False,
        )
