"""Peaks: the least and the greatest of each stretch, of any number of samples."""

import json
import random

import numpy as np
import pytest

from worker.pipeline.peaks import MOST_PIXELS, find_peaks

STEP = 800
"""16,000 samples a second over 20 pixels."""


def test_each_pixel_has_the_least_and_the_greatest_of_its_samples() -> None:
    first = [0] * (STEP - 2) + [-32_768, 32_767]
    second = [256] * STEP
    rest = [-1, 300]
    peaks = find_peaks(np.array(first + second + rest, np.int16))
    # Each is its upper eight bits: -32768/256 = -128, 32767/256 = 127.99, -1/256 lies below 0, 300/256 = 1.17.
    assert json.loads(peaks.to_bytes()) == {
        "version": 2,
        "channels": 1,
        "sample_rate": 16_000,
        "samples_per_pixel": STEP,
        "bits": 8,
        "length": 3,
        "data": [-128, 127, 1, 1, -1, 1],
    }


@pytest.mark.parametrize("n_samples", [1, STEP - 1, STEP, STEP + 1, 1024 * STEP, 1024 * STEP + 5, 2500 * STEP])
def test_it_is_what_plain_python_finds(n_samples: int) -> None:
    samples = random.Random(n_samples).choices(range(-32_768, 32_768), k=n_samples)
    stretches = [samples[first : first + STEP] for first in range(0, n_samples, STEP)]
    expected = [bound(stretch) // 256 for stretch in stretches for bound in (min, max)]
    assert find_peaks(np.array(samples, np.int16)).data.tolist() == expected


def test_no_audio_has_no_peaks() -> None:
    assert json.loads(find_peaks(np.empty(0, np.int16)).to_bytes())["data"] == []


def test_a_long_recording_is_drawn_coarser_and_never_larger() -> None:
    # Four hours take no memory here: one sample, shown 230,400,000 times.
    peaks = find_peaks(np.broadcast_to(np.int16(512), 4 * 3600 * 16_000))
    assert (peaks.samples_per_pixel, len(peaks.data)) == (3200, 2 * MOST_PIXELS)
    assert set(peaks.data.tolist()) == {2}
    assert len(peaks.to_bytes()) < 1_000_000
