"""Decoding in a folder of the test's own."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from worker.pipeline.decode import DecodedMedia, DecodeLimits, decode_media

HOUR = DecodeLimits(max_audio_s=3600)


@dataclass
class Decoder:
    """Decodes into ``folder`` and looks at what is there afterwards."""

    folder: Path
    target: Path = field(init=False)

    def __post_init__(self) -> None:
        self.target = self.folder / "audio.pcm"

    def __call__(
        self, source: Path, limits: DecodeLimits = HOUR, should_stop: Callable[[], bool] | None = None
    ) -> DecodedMedia:
        return decode_media(source, self.target, limits, should_stop)

    def samples(self) -> npt.NDArray[np.int16]:
        return np.fromfile(self.target, "<i2")

    def left_behind(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


@pytest.fixture
def decode(tmp_path: Path) -> Decoder:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return Decoder(folder)
