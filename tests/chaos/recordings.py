"""Recordings that no other call makes, and the words that the fake engine must hear in each."""

import hashlib
import io
import random
import wave
from array import array
from dataclasses import dataclass

import numpy as np

from worker.engines.fake import WORDS, WORDS_PER_SEGMENT

SAMPLE_RATE = 16_000


@dataclass(frozen=True)
class Recording:
    """``text`` is what must come out; None where the recording is broken and its jobs must fail."""

    name: str
    media: bytes
    duration_s: float
    text: str | None

    audio_hash: str = ""
    """SHA-256 of the samples as the engine gets them, hex."""

    @property
    def fields(self) -> dict[str, str]:
        """Options of its submissions: all audio counts as speech, so that the words follow from the samples alone."""
        return {"vad_filter": "false", "language": "en"}


def noise(name: str, duration_s: float, seed: int) -> Recording:
    """White noise: every seed is another recording."""
    rng = random.Random(seed)
    samples = array("h", (rng.randrange(-8_000, 8_000) for _ in range(round(duration_s * SAMPLE_RATE))))
    # As the engine gets them: 32-bit floats from -1 to 1.
    heard = np.frombuffer(samples, "<i2").astype(np.float32) / np.float32(32_768)
    audio_hash = hashlib.sha256(heard.tobytes()).hexdigest()
    return Recording(name, _wav(samples), duration_s, _text_of(audio_hash, len(samples)), audio_hash)


def broken(name: str, seed: int) -> Recording:
    """A FLAC that begins as one and goes on as nothing."""
    return Recording(name, b"fLaC" + random.Random(seed).randbytes(4_000), 0.0, None)


def _wav(samples: "array[int]") -> bytes:
    body = io.BytesIO()
    with wave.open(body, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(samples.tobytes())
    return body.getvalue()


def _text_of(audio_hash: str, n_samples: int) -> str:
    """Three words a second, from the hash of the samples: told anew here, from the engine's description."""
    seconds = -(-n_samples // SAMPLE_RATE)
    digests = [hashlib.sha256(f"{audio_hash}:{number}".encode()).digest() for number in range(seconds)]
    return " ".join(WORDS[digest[index] % len(WORDS)] for digest in digests for index in range(WORDS_PER_SEGMENT))
