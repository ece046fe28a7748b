"""What lies between a voice and a model: equaliser, missing treble, noise, level; on log-mel frames."""

import random
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


class Draws(NamedTuple):
    """Sources of chance, and how much of it: ``mild`` noise for the later stages, ``masked`` in training alone."""

    rng: random.Random
    numpy_rng: np.random.Generator
    mild: bool
    masked: bool


def spoil(mel: Floats, end: int, draws: Draws, *, silence: bool) -> Floats:
    """Features as the model gets them, of log10 mel power [80, n_frames] whose content ends at frame ``end``.

    What follows the content is 0.0: faster-whisper pads features, not sound.
    """
    rng = draws.rng
    top = 0.0 if silence else mel.max()
    _equalise(mel, draws)
    if rng.random() < (0.3 if draws.mild else 0.55) or (silence and rng.random() < 0.6):
        mel = _with_noise(mel, top, draws, silence=silence)
    peak = mel[:, :end].max()
    if rng.random() < 0.25:
        peak += rng.uniform(0, 1.0)  # The maximum of a longer file, which Whisper's features are clipped by.
    features: Floats = (np.maximum(mel, peak - 8.0) + 4.0) / 4.0
    features[:, end:] = 0.0
    if draws.masked and rng.random() < (0.15 if draws.mild else 0.3):
        band = rng.randrange(72)
        filling = (peak - 4.0) / 4.0 if rng.random() < 0.5 else 0
        features[band : band + rng.randint(1, 8)] = filling
    return features


def _equalise(mel: Floats, draws: Draws) -> None:
    rng = draws.rng
    if rng.random() < 0.5:
        gains = draws.numpy_rng.normal(0, 0.25, 4)
        mel += np.interp(np.arange(80), [0, 26, 53, 79], gains)[:, None]
    if rng.random() < 0.2:
        edge = rng.randint(48, 79)
        mel[edge:] -= np.minimum(4.0, 0.8 * np.arange(1, 80 - edge + 1))[:, None]


def _with_noise(mel: Floats, top: float, draws: Draws, *, silence: bool) -> Floats:
    rng = draws.rng
    if draws.mild:
        below = rng.uniform(3.5, 8)
    else:
        below = rng.choice([rng.uniform(2.2, 3.5), rng.uniform(3, 5), rng.uniform(5, 8)])
    noise = _noise(mel.shape[1], draws.numpy_rng) + (top - below)
    if silence and rng.random() < 0.5:
        depth, period = rng.uniform(0, 2), rng.uniform(5, 200)
        noise += (depth * np.sin(np.arange(mel.shape[1]) / period))[None]
    # The sum of two powers, both as logarithms.
    mixed: Floats = np.maximum(mel, noise) + np.log10(1 + 10.0 ** -np.abs(mel - noise))
    return mixed


def _noise(frames: int, numpy_rng: np.random.Generator) -> Floats:
    """Noise of a random tilt, log10 power around 0."""
    bands = np.sort(numpy_rng.choice(80, 4, replace=False))
    tilt = np.interp(np.arange(80), bands, numpy_rng.normal(0, 0.6, 4)).astype(np.float32)
    power = numpy_rng.gamma(2.0, 0.5, (80, frames)).astype(np.float32) + 1e-3
    noise: Floats = np.log10(power) + tilt[:, None]
    return noise
