"""Reading decoded audio: any stretch of it."""

import io
from pathlib import Path

import numpy as np
import pytest

from worker.pipeline.read_audio import map_pcm, read_audio

PCM = np.array([0, 16_384, -32_768, 32_767, 1], "<i2")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "audio.pcm"
    path.write_bytes(PCM.tobytes())
    return path


def test_a_stretch_is_float_of_full_scale_one(file: Path) -> None:
    audio = read_audio(file, 1, 4)
    assert audio.dtype == np.float32
    assert audio.tolist() == [0.5, -1.0, 32_767 / 32_768]


def test_an_open_object_reads_like_a_file(file: Path) -> None:
    with io.BytesIO(file.read_bytes()) as opened:
        assert np.array_equal(read_audio(opened, 2, 5), read_audio(file, 2, 5))


def test_an_empty_stretch_is_an_empty_array(file: Path) -> None:
    assert len(read_audio(file, 5, 5)) == 0


def test_audio_that_ends_too_early_is_not_taken_for_the_planned(file: Path) -> None:
    with pytest.raises(EOFError):
        read_audio(file, 3, 6)


def test_the_whole_audio_is_mapped_and_not_read(file: Path) -> None:
    assert isinstance(map_pcm(file), np.memmap)
    assert np.array_equal(map_pcm(file), PCM)


def test_empty_audio_can_be_mapped(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    assert len(map_pcm(tmp_path / "empty")) == 0
