"""Peaks: the outline of a recording, drawn by players so that they need not decode it.

The form is the JSON that audiowaveform writes (its doc/DataFormat.md, version 2, 8 bits): pairs of the least and the
greatest sample of each stretch, which wavesurfer.js and peaks.js draw.
"""

import json
import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from worker.engines.base import SAMPLE_RATE

PIXELS_PER_S: Final = 20
MOST_PIXELS: Final = 72_000
"""An hour at full resolution, some 0.5 MB as JSON; what is longer is drawn coarser: four hours at 5 pixels a second."""

_AT_ONCE: Final = 1024
"""Pixels whose samples are read together, so that the second look at them finds them in the processor's cache."""


@dataclass(frozen=True, slots=True)
class Peaks:
    """``data`` is int8 [2 * pixels]: least and greatest of each stretch of ``samples_per_pixel`` samples."""

    samples_per_pixel: int
    data: npt.NDArray[np.int8]

    def to_bytes(self) -> bytes:
        """As audiowaveform's JSON."""
        return json.dumps(
            {
                "version": 2,
                "channels": 1,
                "sample_rate": SAMPLE_RATE,
                "samples_per_pixel": self.samples_per_pixel,
                "bits": 8,
                "length": len(self.data) // 2,
                "data": self.data.tolist(),
            },
            separators=(",", ":"),
        ).encode()


def find_peaks(pcm: npt.NDArray[np.int16]) -> Peaks:
    """The outline of decoded audio: int16 [n_samples], 16 kHz mono, a memory map perhaps, which is read once.

    The last pixel stands for what is left. About 0.05 s for an hour of audio on one core.
    """
    step = max(SAMPLE_RATE // PIXELS_PER_S, math.ceil(len(pcm) / MOST_PIXELS))
    whole = len(pcm) // step
    data = np.empty((math.ceil(len(pcm) / step), 2), np.int8)
    for first in range(0, whole, _AT_ONCE):
        behind = min(first + _AT_ONCE, whole)
        stretches = pcm[first * step : behind * step].reshape(-1, step)
        # 16 bits become 8 by dropping the lower ones, as audiowaveform does it.
        data[first:behind, 0] = stretches.min(axis=1) >> 8
        data[first:behind, 1] = stretches.max(axis=1) >> 8
    if whole < len(data):
        rest = pcm[whole * step :]
        data[whole] = rest.min() >> 8, rest.max() >> 8
    return Peaks(step, data.reshape(-1))
