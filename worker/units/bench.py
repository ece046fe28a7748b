"""What a unit works with, and how it speaks while it works."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stenopool.errors import ErrorCode, FatalError
from stenopool.media.store import Store
from stenopool.settings import Settings
from stenopool.transcripts.model import Segment
from worker.pipeline.decode import DecodeLimits

_DECODE: Final = 1 / 16
"""Wall-clock seconds per second of audio that decoding may take: 45 times what one core needs for MP3."""


@dataclass(frozen=True, slots=True)
class Bench:
    """A child's store and scratch folder; the folder lies on the store's file system, so that files can be moved in."""

    store: Store
    settings: Settings
    scratch: Path

    @property
    def decode_limits(self) -> DecodeLimits:
        """What one decoding may cost. How long a recording is turns out only then: the longest counts that is allowed."""
        longest_s = self.settings.max_audio_s
        return DecodeLimits(longest_s, wall_s=self.settings.unit_base_timeout_s + longest_s * _DECODE)


@dataclass(frozen=True, slots=True)
class Watch:
    """``on_progress`` is told the audio-seconds done so far; ``should_stop`` is asked as often as the work allows.

    ``on_segment`` is told each segment of a span, in order.
    """

    on_progress: Callable[[float], None]
    should_stop: Callable[[], bool]
    on_segment: Callable[[Segment], None] = lambda _segment: None


class WorkStoppedError(Exception):
    """The work ended because ``should_stop`` said so: nothing was written, nothing is to be committed."""


def required(store: Store, key: str) -> bytes:
    """An object that an earlier unit wrote.

    Raises:
        FatalError: ``internal_error``: it is not there, although the ledger says that it was written.
    """
    try:
        return store.get(key)
    except KeyError:
        raise FatalError(ErrorCode.INTERNAL_ERROR, "what an earlier step wrote is missing in the store") from None
