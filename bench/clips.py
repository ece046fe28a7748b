"""Clips for measurements: short WAVs, no two alike, so that nothing is answered from what was done before."""

import random
import wave
from pathlib import Path


def write_clip(path: Path, duration_s: float, seed: int) -> Path:
    """A 16 kHz mono WAV of quiet noise that depends on ``seed`` alone."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(random.Random(seed).randbytes(2 * round(duration_s * 16_000)))
    return path
