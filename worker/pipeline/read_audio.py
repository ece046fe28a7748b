"""Reads decoded audio from the store: any stretch of it, without touching the rest."""

from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import numpy.typing as npt

from worker.engines.base import Audio

BYTES_PER_SAMPLE: Final = 2
_FULL_SCALE: Final = np.float32(32_768)


def read_audio(source: Path | BinaryIO, from_sample: int, to_sample: int) -> Audio:
    """Samples ``from_sample`` up to, not including, ``to_sample``: float32 [to - from], 16 kHz mono, -1..1.

    Args:
        source: s16le samples, a file or something seekable that is open for reading.
        from_sample: first sample, from the start of the media.
        to_sample: sample behind the last.

    Raises:
        EOFError: the source ends before ``to_sample``: it is not the audio that was planned.
        OSError: it cannot be read.
    """
    if isinstance(source, Path):
        with source.open("rb") as file:
            return read_audio(file, from_sample, to_sample)
    wanted = BYTES_PER_SAMPLE * (to_sample - from_sample)
    source.seek(BYTES_PER_SAMPLE * from_sample)
    body = source.read(wanted)
    if len(body) != wanted:
        raise EOFError(f"{wanted - len(body)} bytes of decoded audio are missing")
    return to_float(np.frombuffer(body, "<i2"))


def to_float(pcm: npt.NDArray[np.int16]) -> Audio:
    """16-bit samples as float32, -1..1."""
    return pcm.astype(np.float32) / _FULL_SCALE


def map_pcm(file: Path) -> npt.NDArray[np.int16]:
    """The whole audio as int16 [n_samples], mapped and not read; an empty file gives an empty array."""
    if file.stat().st_size < BYTES_PER_SAMPLE:
        return np.empty(0, np.int16)
    return np.memmap(file, dtype="<i2", mode="r")
