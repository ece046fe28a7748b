"""Finding speech, with the real network, in the project's own recordings."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from worker.engines.base import SAMPLE_RATE, SpeechSpan
from worker.pipeline import detect_speech as module
from worker.pipeline.decode import DecodeLimits, decode_media
from worker.pipeline.detect_speech import detect_speech
from worker.pipeline.read_audio import map_pcm

SAMPLES = Path(__file__).parents[3] / "samples"

Pcm = npt.NDArray[np.int16]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Pcm:
    """Five sentences with pauses of 0.8 s, after half a second of silence."""
    target = tmp_path_factory.mktemp("audio") / "demo.pcm"
    decode_media(SAMPLES / "demo.flac", target, DecodeLimits(60))
    return map_pcm(target)


def seconds(spans: tuple[SpeechSpan, ...]) -> list[tuple[float, float]]:
    return [(span.from_sample / SAMPLE_RATE, span.to_sample / SAMPLE_RATE) for span in spans]


def is_silent(pcm: Pcm) -> bool:
    return int(np.abs(pcm.astype(np.int32)).max(initial=0)) < 50


def test_sentences_are_found_one_by_one(demo: Pcm) -> None:
    found = detect_speech(demo)
    assert len(found) == 5
    assert found[0].from_sample / SAMPLE_RATE == pytest.approx(0.5, abs=0.15)


def test_no_word_is_cut_off(demo: Pcm) -> None:
    found = detect_speech(demo)
    outside = np.array(demo)
    for span in found:
        outside[span.from_sample : span.to_sample] = 0
    # What is left of the sentences is far from speech: the peak of the recording is above 10,000.
    assert int(np.abs(outside).max()) < 1_000


def test_stretches_ascend_within_the_audio(demo: Pcm) -> None:
    found = detect_speech(demo)
    edges = [edge for span in found for edge in (span.from_sample, span.to_sample)]
    assert edges == sorted(edges)
    assert edges[0] >= 0
    assert edges[-1] <= len(demo)


def test_borders_of_blocks_change_nothing(demo: Pcm, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = detect_speech(demo)
    # Borders at 3, 6, 9, … s: some fall into sentences, some beside pauses.
    monkeypatch.setattr(module, "_BLOCK", 3 * SAMPLE_RATE)
    for cut, uncut in zip(seconds(detect_speech(demo)), seconds(whole), strict=True):
        assert cut == pytest.approx(uncut, abs=0.07)


@pytest.mark.parametrize("loudness", [0.01, 0.1, 0.3])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_noise_is_no_speech(loudness: float, seed: int) -> None:
    noise = np.random.default_rng(seed).normal(0, loudness, 5 * SAMPLE_RATE).clip(-1, 1)
    assert detect_speech((noise * 32_767).astype(np.int16)) == ()


@pytest.mark.parametrize("name", ["silence.flac", "noise.flac"])
def test_samples_without_speech_have_none(tmp_path: Path, name: str) -> None:
    decode_media(SAMPLES / name, tmp_path / "audio.pcm", DecodeLimits(60))
    assert detect_speech(map_pcm(tmp_path / "audio.pcm")) == ()


@pytest.mark.parametrize("n_samples", [0, 1, 511, 512, 513])
def test_audio_of_next_to_no_length_has_no_speech(n_samples: int) -> None:
    assert detect_speech(np.zeros(n_samples, np.int16)) == ()


def test_long_audio_is_never_in_memory_as_a_whole(demo: Pcm, tmp_path: Path) -> None:
    """Only the blocks that the network gets are turned into floats."""
    sizes: list[int] = []

    class Watched(np.ndarray):
        def astype(self, *given: object, **named: object) -> npt.NDArray[np.float32]:  # type: ignore[override] # one of its many forms is enough here
            sizes.append(len(self))
            return np.asarray(self).astype(np.float32)

    detect_speech(np.resize(demo, 360 * SAMPLE_RATE).view(Watched))
    assert max(sizes) <= 130 * SAMPLE_RATE
    assert sum(sizes) >= 360 * SAMPLE_RATE
