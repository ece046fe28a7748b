"""The contract of an engine: audio in, segments out as they are recognised.

Held by ``tests/contract/test_engines.py`` against every engine. An engine is loaded once per process, in the pool
child, and serves one call at a time. No call into C may hold the GIL for longer than 5 s (ledger.md, rule 10): the
beat thread could not renew the lease.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from stenopool.transcripts.model import EngineIdentity, Segment
from stenopool.transcripts.options import Options

SAMPLE_RATE: Final = 16_000
"""Samples per second of all audio inside."""

Audio = npt.NDArray[np.float32]
"""float32 [n_samples], 16 kHz mono, -1..1."""


@dataclass(frozen=True, slots=True)
class SpeechSpan:
    """A stretch of speech, in samples from the start of the audio; ``to_sample`` excluded."""

    from_sample: int
    to_sample: int


@dataclass(frozen=True, slots=True)
class Heard:
    """What one call found besides its segments."""

    language: str
    language_probability: float | None = None
    warnings: tuple[str, ...] = field(default=())


class Recognition(Protocol):
    """A running call. ``heard`` is complete once the segments are exhausted."""

    @property
    def heard(self) -> Heard:
        """Language, its probability and warnings; complete once the segments are exhausted."""
        ...

    def segments(self) -> Iterator[Segment]:
        """Segments in order, not overlapping, times in seconds from the start of the given audio, within it.

        The caller may stop iterating at any segment; the work then stops too.
        """
        ...


class Engine(Protocol):
    """An adapter that recognises speech with a model it holds in memory."""

    @property
    def identity(self) -> EngineIdentity:
        """What runs; equal for equal weights."""
        ...

    @property
    def seconds_per_audio_second(self) -> float:
        """Slowest believable speed, for the watchdog: wall-clock seconds per second of audio."""
        ...

    def check(self, options: Options) -> None:
        """Refuses what the engine cannot do.

        Raises:
            UsageError: ``language_not_supported`` or ``task_not_supported``, with a hint.
        """
        ...

    def warm_up(self) -> None:
        """One pass over a second of silence, so that the first job is not slower than the tenth."""
        ...

    def recognise(self, audio: Audio, options: Options, speech: Sequence[SpeechSpan] | None) -> Recognition:
        """Begins to recognise ``audio``; ``speech`` None means all of it, else only these stretches count.

        Raises:
            UsageError: as ``check``.
            FatalError: ``engine_failed`` or ``out_of_memory``.
        """
        ...
