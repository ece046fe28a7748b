"""faster-whisper with the demo model: real text, languages, translation and times, with no download.

The scripts beside the samples are what espeak-ng was given; the model hears these recordings without a fault, so the
words are compared exactly. Human speech is asserted where STENOPOOL_TEST_MODEL names real weights.
"""

from functools import cache

import numpy as np
import pytest

from stenopool.transcripts.options import Options, parse_options
from tests.contract.engine_ground import (
    Recording,
    demo_engine,
    human,
    real_engine,
    recognise,
    sample,
    text_of,
    word_error_rate,
)
from worker.engines.base import SAMPLE_RATE
from worker.pipeline.recognise import SpanOutcome


@cache
def heard(name: str, **fields: str) -> SpanOutcome:
    return recognise(demo_engine(), sample(name), parse_options(fields), sample(name).speech)


def rates(name: str, outcome: SpanOutcome) -> float:
    return word_error_rate(sample(name).script, text_of(outcome.segments))


@pytest.mark.parametrize(
    "name", ["demo.wav", "two-voices.flac", "german.flac", "french.flac", "spanish.flac", "long.ogg"]
)
def test_the_words_are_right(name: str) -> None:
    assert rates(name, heard(name)) == 0


@pytest.mark.parametrize("fields", [{"beam_size": "1"}, {"temperature": "0.2"}, {"word_timestamps": "true"}])
def test_the_words_are_right_with_other_options(fields: dict[str, str]) -> None:
    assert rates("demo.wav", heard("demo.wav", **fields)) <= 0.05


def test_a_short_recording_is_right_without_the_speech_filter() -> None:
    outcome = recognise(demo_engine(), sample("demo.wav"), Options(vad_filter=False), None)
    assert rates("demo.wav", outcome) == 0


@pytest.mark.parametrize(
    ("name", "language"), [("demo.wav", "en"), ("german.flac", "de"), ("spanish.flac", "es"), ("french.flac", "fr")]
)
def test_the_language_is_detected(name: str, language: str) -> None:
    found = heard(name).heard
    assert found.language == language
    assert found.language_probability is not None
    assert 0.9 < found.language_probability <= 1


def test_a_language_that_was_given_has_no_probability() -> None:
    found = heard("german.flac", language="de").heard
    assert (found.language, found.language_probability) == ("de", None)


def test_the_given_language_is_believed() -> None:
    assert heard("german.flac", language="es").heard.language == "es"
    assert text_of(heard("german.flac", language="es").segments) != text_of(heard("german.flac").segments)


def test_nobody_speaking_is_no_language() -> None:
    found = recognise(demo_engine(), sample("silence.flac"), speech=())
    assert (found.heard.language, found.heard.language_probability) == ("und", None)


@pytest.mark.parametrize(
    ("name", "english"),
    [
        ("german.flac", "Green water two brother yellow. Coffee father morning yellow house."),
        ("spanish.flac", "Big seven fish two morning. One window blue coffee two."),
        ("french.flac", "Red blue green yellow black. House car table book."),
    ],
)
def test_translation_is_english(name: str, english: str) -> None:
    outcome = heard(name, task="translate")
    # Two words of ten may be wrong: the model translates 2 to 8 % of words wrongly.
    assert word_error_rate(english, text_of(outcome.segments)) <= 0.2
    assert outcome.heard.language != "en"


@pytest.mark.parametrize("name", ["silence.flac", "noise.flac"])
def test_neither_silence_nor_noise_is_speech(name: str) -> None:
    assert sample(name).speech == ()
    assert recognise(demo_engine(), sample(name), speech=None).segments == ()


def onsets(recorded: Recording) -> list[float]:
    """Seconds at which sound begins after 0.4 s of near silence, by loudness alone."""
    step = SAMPLE_RATE // 100
    steps = np.abs(recorded.audio[: len(recorded.pcm) // step * step]).reshape(-1, step).max(axis=1)
    loud = steps > 0.01
    return [index / 100 for index in np.flatnonzero(loud) if not loud[max(0, index - 40) : index].any()]


def test_segments_begin_where_the_sound_begins() -> None:
    begins = onsets(sample("demo.wav"))
    segments = heard("demo.wav").segments
    assert [segment.start for segment in segments] == pytest.approx(begins, abs=0.1)


def test_the_first_word_of_a_sentence_begins_where_the_sound_begins() -> None:
    begins = onsets(sample("demo.wav"))
    words = [segment.words[0] for segment in heard("demo.wav", word_timestamps="true").segments if segment.words]
    assert [word.start for word in words] == pytest.approx(begins, abs=0.15)


def test_times_are_right_behind_a_minute_of_speech_and_pauses() -> None:
    begins = np.array(onsets(sample("long.ogg")))
    starts = [segment.start for segment in heard("long.ogg").segments]
    assert starts[-1] > 100
    assert np.median([np.abs(begins - start).min() for start in starts]) < 0.1


def test_words_take_time() -> None:
    segments = heard("demo.wav", word_timestamps="true").segments
    lengths = [word.end - word.start for segment in segments for word in segment.words or ()]
    # 36 words in about ten seconds of speech; the aligner itself may give a short one no time at all.
    assert min(lengths) >= 0
    assert 0.2 < float(np.median(lengths)) < 0.5


def test_words_are_those_of_the_text() -> None:
    for segment in heard("demo.wav", word_timestamps="true").segments:
        assert " ".join(word.word for word in segment.words or ()) == segment.text


@pytest.mark.parametrize("fields", [{"hotwords": "fox"}, {"initial_prompt": "The quick brown fox."}])
def test_prompts_reach_the_model(fields: dict[str, str]) -> None:
    plain, prompted = heard("demo.wav").segments, heard("demo.wav", **fields).segments
    assert [segment.confidence for segment in plain] != [segment.confidence for segment in prompted]


@pytest.mark.needs("model", "audio")
@pytest.mark.parametrize("name", ["jfk.flac", "austen-0870.wav", "austen-0890.wav"])
def test_human_speech_is_understood(name: str) -> None:
    outcome = recognise(real_engine(), human(name), Options(word_timestamps=True), human(name).speech)
    assert word_error_rate(human(name).script, text_of(outcome.segments)) <= 0.25
    assert outcome.heard.language == "en"
