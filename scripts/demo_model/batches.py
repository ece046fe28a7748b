"""Windows as tensors: padded to few shapes, since oneDNN compiles each new one."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from vocabulary import Vocabulary
from windows import IGNORED, Window, Windows


@dataclass(frozen=True, slots=True)
class Batch:
    """Windows of one length, side by side."""

    features: Tensor
    """float32 [batch, 80, frames]."""
    tokens: Tensor
    """int64 [batch, length]."""
    targets: Tensor
    """int64 [batch, length], -100 where nothing is learnt."""
    next_guides: Tensor
    """int64 [batch, length, 2]: encoder frames in which the token that follows is heard; -1 for none."""
    own_guides: Tensor
    """The same for the token itself."""
    phonemes: Tensor
    """int64 [batch, frames / 2]."""
    words: Tensor
    """int64 [batch, frames / 2], -100 where nothing is learnt."""
    offsets: list[int]
    """Encoder frames before each window."""


def make_batch(source: Windows, vocabulary: Vocabulary, shape: tuple[int, int], prompt: int, *, full: bool) -> Batch:
    """A batch of ``shape`` (windows, mel frames)."""
    count, frames = shape
    windows = [source.window(frames, prompt, full=full) for _ in range(count)]
    length = -(-max(len(window.tokens) for window in windows) // 16) * 16
    tokens = np.full((count, length), vocabulary.end)
    targets = np.full((count, length), IGNORED)
    next_guides = np.full((count, length, 2), -1, np.int64)
    own_guides = np.full((count, length, 2), -1, np.int64)
    phonemes = np.stack([window.phonemes for window in windows])
    words = np.stack([window.words for window in windows])
    for row, window in enumerate(windows):
        tokens[row, : len(window.tokens)] = window.tokens
        targets[row, : len(window.targets)] = window.targets
        _guide(next_guides[row], window, frames, ahead=1)
        _guide(own_guides[row], window, frames, ahead=0)
        phonemes[row, window.end :] = 0
        if window.is_translated:
            words[row] = IGNORED  # The words of the frames are not those of the text.
    return Batch(
        torch.from_numpy(np.stack([window.features for window in windows]).astype(np.float32)),
        torch.from_numpy(tokens),
        torch.from_numpy(targets),
        torch.from_numpy(next_guides),
        torch.from_numpy(own_guides),
        torch.from_numpy(phonemes),
        torch.from_numpy(words),
        [window.offset for window in windows],
    )


def _guide(row: npt.NDArray[np.int64], window: Window, frames: int, ahead: int) -> None:
    for place, target in enumerate(window.targets):
        interval = window.guides[place + ahead]
        if interval is None or target < 0:
            continue
        first = max(0, int(interval[0] * 50))
        last = min(frames // 2, max(first + 1, math.ceil(interval[1] * 50)))
        if first < last:
            row[place] = (first, last)
