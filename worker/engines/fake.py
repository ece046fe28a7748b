"""The fake engine: text from the hash of the audio, at a settable speed, with faults on demand.

It stands in for a model where the platform is tested or measured, never where anybody wants to know what was said:
``ENGINE=fake`` needs ``ALLOW_FAKE_ENGINE=true`` and health says degraded.
"""

import ctypes
import hashlib
import os
import re
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NoReturn

from stenopool.errors import ErrorCode, FatalError
from stenopool.transcripts.model import EngineIdentity, Segment, Word
from stenopool.transcripts.options import Options
from worker.engines.base import SAMPLE_RATE, Audio, Heard, SpeechSpan

WORDS: Final = (
    "amber basin cedar delta ember field grove harbor island juniper kettle lantern meadow nickel orchard pebble "
    "quarry river saddle timber umber valley willow xenon yarrow zephyr"
).split()

SEGMENT_S: Final = 1.0
"""Audio-seconds per segment: also how soon, at speed 1, a stop is seen."""

WORDS_PER_SEGMENT: Final = 3

_STEP_S: Final = 0.02


class Fault(StrEnum):
    """What goes wrong, before the first segment."""

    HANG = "hang"
    """Never returns, in C, the GIL released."""
    HANG_GIL = "hang_gil"
    """Never returns, in C, the GIL held: no other thread of the process runs again."""
    CRASH = "crash"
    """The process gets SIGKILL, as from the kernel when memory is out."""
    MEMORY = "memory"
    """Raises ``MemoryError``."""
    ERROR = "error"
    """Raises ``RuntimeError``."""


@dataclass(frozen=True, slots=True)
class FaultSwitch:
    """A fault and the audio that triggers it."""

    fault: Fault
    hash_prefix: str = ""
    """First hex digits of the SHA-256 of the audio's bytes (``audio_hash``); empty: any."""
    longer_s: float = 0.0
    """Only audio longer than this many seconds."""
    shorter_s: float = float("inf")
    """Only audio shorter than this many seconds."""

    def hits(self, audio: Audio) -> bool:
        """Whether this audio triggers the fault."""
        return self.longer_s < len(audio) / SAMPLE_RATE < self.shorter_s and audio_hash(audio).startswith(
            self.hash_prefix
        )


_SWITCH: Final = re.compile(r"(?P<fault>[a-z_]+)(?:@(?P<hash>[0-9a-f]{1,64})|(?P<side>[<>])(?P<limit>\d+(?:\.\d+)?))?")


def parse_faults(text: str) -> tuple[FaultSwitch, ...]:
    """Switches from ``FAKE_ENGINE_FAULT``: ``fault``, ``fault@<hash prefix>``, ``fault>20`` or ``fault<2`` (seconds).

    Several stand behind one another with commas; the first that hits counts.

    Raises:
        FatalError: ``settings_wrong`` for a fault that does not exist.
    """
    return tuple(_parse_fault(part.strip()) for part in text.split(",") if part.strip())


def _parse_fault(text: str) -> FaultSwitch:
    match = _SWITCH.fullmatch(text)
    if match is None or match["fault"] not in set(Fault):
        raise FatalError(
            ErrorCode.SETTINGS_WRONG,
            f"FAKE_ENGINE_FAULT: {text[:40]!r} is no fault",
            f"faults are {', '.join(Fault)}, alone or as fault@<hash prefix>, fault>seconds, fault<seconds",
        )
    limit = float(match["limit"] or 0)
    return FaultSwitch(
        Fault(match["fault"]),
        hash_prefix=match["hash"] or "",
        longer_s=limit if match["side"] == ">" else 0.0,
        shorter_s=limit if match["side"] == "<" else float("inf"),
    )


def audio_hash(audio: Audio) -> str:
    """SHA-256 hex of the samples' bytes: what the text is made of."""
    return hashlib.sha256(audio.tobytes()).hexdigest()


class FakeEngine:
    """Implements ``worker.engines.base.Engine`` without a model."""

    def __init__(self, model: str = "fake", speed: float = 0.0, faults: Sequence[FaultSwitch] = ()) -> None:
        """Makes an engine that works at ``speed`` audio-seconds per second, 0 meaning at once."""
        self._identity = EngineIdentity(engine="fake", model=model, revision="fake-1", compute_type="none")
        self._speed = speed
        self._faults = tuple(faults)

    @property
    def identity(self) -> EngineIdentity:
        """Equal for equal ``model``; speed and faults do not change the text."""
        return self._identity

    @property
    def seconds_per_audio_second(self) -> float:
        """Three times the set speed; a tenth of real time where it works at once."""
        return 3 / self._speed if self._speed else 0.1

    def check(self, options: Options) -> None:
        """Refuses nothing."""

    def warm_up(self) -> None:
        """Nothing to warm."""

    def recognise(self, audio: Audio, options: Options, speech: Sequence[SpeechSpan] | None) -> "FakeRecognition":
        """Begins; faults strike at the first segment, where a real engine's would."""
        hit = next((switch.fault for switch in self._faults if switch.hits(audio)), None)
        return FakeRecognition(audio, options, _stretches(audio, speech), self._speed, hit)


class FakeRecognition:
    """A running call."""

    def __init__(
        self, audio: Audio, options: Options, stretches: Sequence[SpeechSpan], speed: float, fault: Fault | None
    ) -> None:
        self._seed = audio_hash(audio)
        self._options = options
        self._stretches = stretches
        self._speed = speed
        self._fault = fault

    @property
    def heard(self) -> Heard:
        """The language asked for, ``en`` where it was to be detected."""
        if self._options.language == "auto":
            return Heard("en", 1.0)
        return Heard(self._options.language)

    def segments(self) -> Iterator[Segment]:
        """One segment per second of speech, each after the time it costs."""
        if self._fault is not None:
            _strike(self._fault)
        started, done_s = time.monotonic(), 0.0
        for number, stretch in enumerate(_cut(self._stretches)):
            done_s += (stretch.to_sample - stretch.from_sample) / SAMPLE_RATE
            if self._speed:
                _sleep_until(started + done_s / self._speed)
            yield self._segment(number, stretch)

    def _segment(self, number: int, stretch: SpeechSpan) -> Segment:
        digest = hashlib.sha256(f"{self._seed}:{number}".encode()).digest()
        start_s, end_s = stretch.from_sample / SAMPLE_RATE, stretch.to_sample / SAMPLE_RATE
        step_s = (end_s - start_s) / WORDS_PER_SEGMENT
        words = tuple(
            Word(
                start=start_s + index * step_s,
                end=end_s if index == WORDS_PER_SEGMENT - 1 else start_s + (index + 1) * step_s,
                word=WORDS[digest[index] % len(WORDS)],
                probability=0.5 + digest[index] / 511,
            )
            for index in range(WORDS_PER_SEGMENT)
        )
        return Segment(
            start=start_s,
            end=end_s,
            text=" ".join(word.word for word in words),
            confidence=sum(word.probability or 0.0 for word in words) / len(words),
            words=words if self._options.word_timestamps else None,
        )


def _stretches(audio: Audio, speech: Sequence[SpeechSpan] | None) -> Sequence[SpeechSpan]:
    """What is to be said: the given speech, or all the audio unless it is digital silence."""
    if speech is not None:
        return speech
    return [SpeechSpan(0, len(audio))] if audio.any() else []


def _cut(stretches: Sequence[SpeechSpan]) -> Iterator[SpeechSpan]:
    step = round(SEGMENT_S * SAMPLE_RATE)
    for stretch in stretches:
        for begin in range(stretch.from_sample, stretch.to_sample, step):
            yield SpeechSpan(begin, min(begin + step, stretch.to_sample))


def _sleep_until(moment: float) -> None:
    # Small steps: the main thread answers its signals between them.
    while (left := moment - time.monotonic()) > 0:
        time.sleep(min(left, _STEP_S))


def _strike(fault: Fault) -> NoReturn:
    match fault:
        case Fault.HANG:
            _sleep_in_c(ctypes.CDLL(None))
        case Fault.HANG_GIL:
            _sleep_in_c(ctypes.PyDLL(None))
        case Fault.CRASH:
            os.kill(os.getpid(), signal.SIGKILL)
            _sleep_in_c(ctypes.CDLL(None))
        case Fault.MEMORY:
            raise MemoryError("FAKE_ENGINE_FAULT=memory")
        case Fault.ERROR:
            raise RuntimeError("FAKE_ENGINE_FAULT=error")


def _sleep_in_c(libc: ctypes.CDLL) -> NoReturn:
    # A signal ends sleep(3) early; nothing ends the loop.
    while True:
        libc.sleep(1_000_000)
