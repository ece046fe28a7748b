"""Lays utterances out in a window, with pauses between them and now and then a sentence that the end cuts."""

import random
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from channel import Floats
from utterances import Utterance
from vocabulary import Tokenised


@dataclass(frozen=True, slots=True)
class Prepared:
    """An utterance with its tokens and, for each of its frames, the number of its phoneme."""

    spoken: Utterance
    text: Tokenised
    translation: Tokenised
    phonemes: npt.NDArray[np.int16]

    @property
    def frames(self) -> int:
        """Length in mel frames of 10 ms."""
        return self.spoken.mel.shape[1]


@dataclass(slots=True)
class Layout:
    """A window being laid out; frames of 10 ms."""

    mel: Floats
    phonemes: npt.NDArray[np.int16]
    at: int
    """Where the next utterance begins."""
    end: int
    """Where the content ends."""
    placed: list[tuple[int, Prepared]] = field(default_factory=list)
    """First frame and utterance."""
    cut_s: float | None = None
    """Where a sentence begins that the window's end cuts."""


def lay_out(frames: int, pool: list[Prepared], rng: random.Random, *, mild: bool, silence: bool) -> Layout:
    """A window of ``frames`` mel frames with utterances of ``pool``; with ``silence`` none."""
    begin = 0 if rng.random() < 0.3 else _some_frames(rng, (0, 0.3), (0, 1), (0, 3))
    wanted = frames if rng.random() < 0.45 else rng.randint(60, frames)
    most = 1 if rng.random() < 0.4 else 99
    layout = Layout(np.full((80, frames), -10.0, np.float32), np.zeros(frames, np.int16), begin, begin)
    if not silence:
        _fill(layout, pool, rng, wanted, most, mild=mild)
    trailing = int(100 * rng.choice([0, rng.uniform(0, 0.6), rng.uniform(0, 3)]))
    layout.end = rng.randint(30, frames) if silence else min(frames, layout.end + trailing)
    return layout


def _fill(layout: Layout, pool: list[Prepared], rng: random.Random, wanted: int, most: int, *, mild: bool) -> None:
    frames = layout.mel.shape[1]
    while len(layout.placed) < most:
        item = rng.choice(pool)
        if layout.at + item.frames > min(wanted, frames) and layout.placed and wanted < frames:
            return
        if layout.at + item.frames <= frames:
            _place(layout, item, rng, mild=mild)
            if layout.at > wanted or layout.at >= frames - 10:
                return
        elif layout.placed:
            _cut(layout, item, rng)
            return
        elif layout.at > 0:
            # Too long behind the first pause: without it, and alone.
            layout.at, most = 0, 1
            if item.frames > frames:
                rng.choice(pool)
        else:
            rng.choice(pool)


def _place(layout: Layout, item: Prepared, rng: random.Random, *, mild: bool) -> None:
    is_quieter = rng.random() < (0.3 if mild else 0.5)
    gain = rng.uniform(-1.0 if mild else -1.6, 0.4) if is_quieter else 0.0
    begin, end = layout.at, layout.at + item.frames
    layout.mel[:, begin:end] = item.spoken.mel.astype(np.float32) + gain
    layout.phonemes[begin:end] = item.phonemes
    layout.placed.append((begin, item))
    layout.end = end
    layout.at = end + _some_frames(rng, (0.1, 0.5), (0.2, 1.0), (0.2, 3))


def _cut(layout: Layout, item: Prepared, rng: random.Random) -> None:
    room = layout.mel.shape[1] - layout.at
    if room <= 20:
        return
    begun = item.spoken.mel[:, :room].astype(np.float32) + rng.uniform(-0.6, 0.3)
    layout.mel[:, layout.at :] = np.maximum(layout.mel[:, layout.at :], begun)
    layout.cut_s = layout.at / 100 + item.spoken.span[0]
    layout.end = layout.mel.shape[1]


def _some_frames(rng: random.Random, *seconds: tuple[float, float]) -> int:
    """Frames of one of the ranges. All are drawn from, so that a seed names the same windows whichever is taken."""
    return int(100 * rng.choice([rng.uniform(*bounds) for bounds in seconds]))
