"""Recordings and engines of the tests that let something recognise speech."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import av
import jiwer
import numpy as np
import numpy.typing as npt

from stenopool.settings import load_settings
from stenopool.transcripts.model import Segment
from stenopool.transcripts.options import Options
from worker.engines.base import Audio, Engine, SpeechSpan
from worker.engines.registry import create_engine
from worker.pipeline.detect_speech import detect_speech
from worker.pipeline.read_audio import to_float
from worker.pipeline.recognise import SpanOutcome, recognise_span

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording and what is said in it."""

    pcm: npt.NDArray[np.int16]
    script: str

    @property
    def audio(self) -> Audio:
        """Read-only, as a memory map of the store may be: an engine that writes into its input fails."""
        audio = to_float(self.pcm)
        audio.flags.writeable = False
        return audio

    @property
    def speech(self) -> tuple[SpeechSpan, ...]:
        """As the prepare worker finds it."""
        return detect_speech(self.pcm)


@cache
def recording(file: Path) -> Recording:
    """A file with its script beside it."""
    script = file.with_suffix(".txt")
    return Recording(_decode(file), script.read_text(encoding="utf-8") if script.exists() else "")


def sample(name: str) -> Recording:
    """One of the repository's own recordings."""
    return recording(SAMPLES / name)


def human(name: str) -> Recording:
    """One of the recordings of human speech; the test is marked ``needs("audio")``."""
    return recording(Path(os.environ["STENOPOOL_TEST_AUDIO"]) / name)


def _decode(file: Path) -> npt.NDArray[np.int16]:
    resampler = av.AudioResampler("s16", "mono", 16_000)
    with av.open(str(file)) as container:
        frames = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
    frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames])


@cache
def fake_engine() -> Engine:
    """The fake engine, at once."""
    return create_engine(load_settings({"ENGINE": "fake", "ALLOW_FAKE_ENGINE": "true", "MODEL_SIZE": "fake"}), 1)


@cache
def demo_engine() -> Engine:
    """faster-whisper with the model in the repository."""
    return create_engine(load_settings({"MODEL_SIZE": "demo", "MODEL_DIR": str(ROOT / "models")}), 1)


@cache
def pocketsphinx_engine() -> Engine:
    """PocketSphinx."""
    return create_engine(load_settings({"ENGINE": "pocketsphinx"}), 1)


@cache
def real_engine() -> Engine:
    """faster-whisper with the weights that STENOPOOL_TEST_MODEL names; the test is marked ``needs("model")``."""
    settings = {"MODEL_SIZE": os.environ["STENOPOOL_TEST_MODEL"], "MODEL_DIR": str(ROOT / "models")}
    return create_engine(load_settings(settings), 2)


def recognise(
    engine: Engine,
    heard: Recording,
    options: Options | None = None,
    speech: tuple[SpeechSpan, ...] | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> SpanOutcome:
    """The recording through the engine as a worker lets it, ``speech`` None meaning that all of it counts."""
    return recognise_span(
        engine,
        heard.audio,
        options or Options(),
        speech,
        offset_s=0.0,
        on_segment=lambda _segment, _done_s: None,
        should_stop=should_stop,
    )


def text_of(segments: tuple[Segment, ...]) -> str:
    """The words of all segments."""
    return " ".join(segment.text for segment in segments)


def word_error_rate(script: str, text: str) -> float:
    """Of two texts without case and punctuation, by jiwer."""
    return float(jiwer.wer(_plain(script), _plain(text)))


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s']", "", text.lower()).split())
