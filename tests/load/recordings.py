"""Recordings for the load: noise made in memory, another for each number."""

import io
import random
import wave
from typing import Final

RATE_HZ: Final = 8_000


def noise(number: int, seconds: float) -> bytes:
    """A WAV file, 8 kHz mono int16; the same for the same number, 16 kB a second."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writing:
        writing.setnchannels(1)
        writing.setsampwidth(2)
        writing.setframerate(RATE_HZ)
        writing.writeframes(random.Random(number).randbytes(2 * round(RATE_HZ * seconds)))
    return file.getvalue()


class Deck:
    """Which recording goes out next: a new one, or with the chance ``repeats`` one that already went."""

    def __init__(self, seed: int, repeats: float) -> None:
        self._random = random.Random(seed)
        self._first = seed << 32
        self._repeats = repeats
        self._gone = 0

    def draw(self) -> int:
        """The number of the next recording."""
        if self._gone and self._random.random() < self._repeats:
            return self._first + self._random.randrange(self._gone)
        self._gone += 1
        return self._first + self._gone - 1
