"""The project's own recordings, decoded and heard by the real engines: what they are committed for."""

from pathlib import Path

import jiwer
import pytest

from stenopool.transcripts.model import Transcript
from stenopool.transcripts.options import Options
from worker.engines.base import Engine
from worker.engines.faster_whisper import load_faster_whisper
from worker.engines.pocketsphinx import load_pocketsphinx
from worker.engines.whisper_model import WhisperSetup
from worker.pipeline.assemble import assemble
from worker.pipeline.decode import DecodeLimits, decode_media
from worker.pipeline.detect_speech import detect_speech
from worker.pipeline.read_audio import map_pcm, read_audio
from worker.pipeline.recognise import recognise_span
from worker.pipeline.records import SpanRecord, make_plan_record

ROOT = Path(__file__).parents[3]
SAMPLES = ROOT / "samples"


@pytest.fixture(scope="module")
def whisper() -> Engine:
    return load_faster_whisper(WhisperSetup("demo", ROOT / "models", threads=1))


@pytest.fixture(scope="module")
def sphinx() -> Engine:
    return load_pocketsphinx()


def transcript_of(engine: Engine, file: Path, folder: Path) -> Transcript:
    """All stages in one process, as the workers call them."""
    pcm = folder / "audio.pcm"
    media = decode_media(file, pcm, DecodeLimits(max_audio_s=600))
    plan = make_plan_record(media, detect_speech(map_pcm(pcm)))
    audio = read_audio(pcm, 0, plan.n_samples)
    options = Options()
    heard = recognise_span(
        engine,
        audio,
        options,
        plan.speech_within(0, plan.n_samples),
        offset_s=0.0,
        on_segment=lambda _segment, _done_s: None,
        should_stop=lambda: False,
    )
    span = SpanRecord(
        unit_id="span-0",
        from_sample=0,
        to_sample=plan.n_samples,
        segments=heard.segments,
        language=heard.heard.language,
        language_probability=heard.heard.language_probability,
        identity=engine.identity,
        processing_s=heard.processing_s,
    )
    return assemble("t" * 32, options, plan, [span])


def said(name: str) -> str:
    return " ".join((SAMPLES / f"{name}.txt").read_text(encoding="utf-8").split())


@pytest.mark.parametrize("ending", ["wav", "flac", "mp3", "m4a", "ogg", "webm"])
def test_every_container_of_the_demo_gives_the_same_words(whisper: Engine, tmp_path: Path, ending: str) -> None:
    transcript = transcript_of(whisper, SAMPLES / f"demo.{ending}", tmp_path)
    assert transcript.text == said("demo")
    assert transcript.warnings == ()


@pytest.mark.parametrize(
    ("name", "language"), [("german", "de"), ("spanish", "es"), ("french", "fr"), ("two-voices", "en")]
)
def test_each_language_is_detected_and_heard(whisper: Engine, tmp_path: Path, name: str, language: str) -> None:
    transcript = transcript_of(whisper, SAMPLES / f"{name}.flac", tmp_path)
    assert (transcript.text, transcript.language) == (said(name), language)


def test_two_minutes_with_pauses_are_heard_sentence_by_sentence(whisper: Engine, tmp_path: Path) -> None:
    transcript = transcript_of(whisper, SAMPLES / "long.ogg", tmp_path)
    assert transcript.text == said("long")
    assert transcript.duration > 120
    assert len(transcript.segments) >= 27


@pytest.mark.parametrize("name", ["flite-rms", "flite-slt"])
def test_pocketsphinx_hears_the_voices_of_flite(sphinx: Engine, tmp_path: Path, name: str) -> None:
    transcript = transcript_of(sphinx, SAMPLES / f"{name}.flac", tmp_path)
    spoken = "".join(letter for letter in said(name).lower() if letter not in ".,?")
    # Nothing was wrong when they were made; another build of the library may mishear a word of the twenty-five.
    assert jiwer.wer(spoken, transcript.text.lower()) <= 0.12


@pytest.mark.parametrize("name", ["silence", "noise"])
def test_silence_and_noise_give_no_words(whisper: Engine, sphinx: Engine, tmp_path: Path, name: str) -> None:
    for engine in (whisper, sphinx):
        assert transcript_of(engine, SAMPLES / f"{name}.flac", tmp_path).text == ""
