"""What every engine keeps, whatever it recognises with."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest

from stenopool.errors import ErrorCode, UsageError
from stenopool.transcripts.model import Segment
from stenopool.transcripts.options import Options, parse_options
from tests.contract import engine_ground as ground
from tests.contract.engine_ground import Recording, recognise
from worker.engines.base import SAMPLE_RATE, Engine, SpeechSpan
from worker.pipeline.recognise import SpanOutcome


@dataclass(frozen=True, slots=True)
class Subject:
    """An engine and a recording it can hear."""

    make: Callable[[], Engine]
    heard: Callable[[], Recording]
    refused: tuple[tuple[str, str, ErrorCode], ...] = ()
    hears_noise_by_itself: bool = True
    """False for the fake one, which takes any sound for speech."""


SUBJECTS = {
    "fake": Subject(ground.fake_engine, lambda: ground.sample("demo.wav"), hears_noise_by_itself=False),
    "demo": Subject(ground.demo_engine, lambda: ground.sample("demo.wav")),
    "pocketsphinx": Subject(
        ground.pocketsphinx_engine,
        # The first two of its four sentences: PocketSphinx is slow.
        lambda: Recording(ground.sample("flite-rms.flac").pcm[: round(5.7 * SAMPLE_RATE)], ""),
        refused=(
            ("language", "de", ErrorCode.LANGUAGE_NOT_SUPPORTED),
            ("task", "translate", ErrorCode.TASK_NOT_SUPPORTED),
        ),
    ),
    "real": Subject(ground.real_engine, lambda: ground.human("jfk.flac")),
}


@pytest.fixture(
    params=[
        "fake",
        "demo",
        pytest.param("pocketsphinx", marks=pytest.mark.needs("pocketsphinx")),
        pytest.param("real", marks=pytest.mark.needs("model", "audio")),
    ]
)
def subject(request: pytest.FixtureRequest) -> Subject:
    return SUBJECTS[str(request.param)]


@cache
def plain(subject: Subject) -> SpanOutcome:
    return recognise(subject.make(), subject.heard(), speech=subject.heard().speech)


@cache
def with_words(subject: Subject) -> SpanOutcome:
    return recognise(subject.make(), subject.heard(), Options(word_timestamps=True), subject.heard().speech)


@pytest.fixture
def engine(subject: Subject) -> Engine:
    return subject.make()


@pytest.fixture
def heard(subject: Subject) -> Recording:
    return subject.heard()


def silence(seconds: float) -> Recording:
    return Recording(np.zeros(round(seconds * SAMPLE_RATE), np.int16), "")


def noise(seconds: float) -> Recording:
    rng = np.random.default_rng(7)
    return Recording(rng.normal(0, 600, round(seconds * SAMPLE_RATE)).astype(np.int16), "")


def assert_in_order(segments: tuple[Segment, ...], duration_s: float) -> None:
    floor = 0.0
    for segment in segments:
        assert floor <= segment.start <= segment.end <= duration_s
        assert type(segment.start) is float
        for word in segment.words or ():
            assert segment.start <= word.start <= word.end <= segment.end
        floor = segment.end


def test_speech_gives_text(subject: Subject) -> None:
    segments = plain(subject).segments
    assert all(segment.text == segment.text.strip() != "" for segment in segments)
    assert len(ground.text_of(segments).split()) >= 10


def test_the_language_is_told(subject: Subject) -> None:
    assert plain(subject).heard.language == "en"


def test_segments_ascend_within_the_audio(subject: Subject, heard: Recording) -> None:
    assert_in_order(plain(subject).segments, len(heard.pcm) / SAMPLE_RATE)


def test_words_ascend_within_their_segment(subject: Subject, heard: Recording) -> None:
    segments = with_words(subject).segments
    assert all(segment.words for segment in segments)
    assert_in_order(segments, len(heard.pcm) / SAMPLE_RATE)


def test_words_are_told_only_when_asked_for(subject: Subject) -> None:
    assert all(segment.words is None for segment in plain(subject).segments)


def test_confidence_is_a_probability(subject: Subject) -> None:
    for segment in plain(subject).segments + with_words(subject).segments:
        assert segment.confidence is not None
        assert 0 < segment.confidence <= 1


def test_all_the_audio_is_heard_where_the_speech_is_not_known(engine: Engine, heard: Recording) -> None:
    outcome = recognise(engine, heard, speech=None)
    assert len(ground.text_of(outcome.segments).split()) >= 10
    assert_in_order(outcome.segments, len(heard.pcm) / SAMPLE_RATE)


def test_nothing_is_said_outside_the_given_speech(engine: Engine, heard: Recording) -> None:
    last = heard.speech[-1]
    outcome = recognise(engine, heard, Options(language="en"), (last,))
    assert outcome.segments
    assert min(segment.start for segment in outcome.segments) >= last.from_sample / SAMPLE_RATE - 0.001


def test_no_speech_gives_no_words(engine: Engine) -> None:
    assert recognise(engine, noise(3), speech=()).segments == ()


def test_silence_gives_no_words(engine: Engine) -> None:
    assert recognise(engine, silence(3), speech=None).segments == ()


def test_noise_gives_no_words_even_without_the_filter(subject: Subject, engine: Engine) -> None:
    if not subject.hears_noise_by_itself:
        return
    assert recognise(engine, noise(3), speech=None).segments == ()


def test_no_audio_gives_no_words(engine: Engine) -> None:
    assert recognise(engine, silence(0), speech=None).segments == ()


def test_audio_shorter_than_a_word_is_no_error(engine: Engine) -> None:
    recognise(engine, noise(0.02), Options(word_timestamps=True), (SpeechSpan(0, 320),))


def test_equal_audio_gives_equal_words(subject: Subject, engine: Engine, heard: Recording) -> None:
    first = with_words(subject)
    # What was heard in between must not matter: PocketSphinx learns from each utterance unless told to forget.
    recognise(engine, noise(1), Options(language="en"), (SpeechSpan(0, SAMPLE_RATE),))
    assert recognise(engine, heard, Options(word_timestamps=True), heard.speech).segments == first.segments


def test_a_stop_ends_the_work_at_the_next_segment(engine: Engine, heard: Recording) -> None:
    answers: Iterator[bool] = iter([False, True])
    outcome = recognise(engine, heard, speech=heard.speech, should_stop=lambda: next(answers))
    assert outcome.stopped
    assert len(outcome.segments) == 1


def test_a_stop_before_the_first_segment_costs_nothing(engine: Engine, heard: Recording) -> None:
    outcome = recognise(engine, heard, speech=heard.speech, should_stop=lambda: True)
    assert outcome.segments == ()
    assert outcome.processing_s < 0.2


def test_the_engine_works_on_after_a_stop(engine: Engine, heard: Recording) -> None:
    recognise(engine, heard, speech=heard.speech, should_stop=iter([False, True]).__next__)
    assert not recognise(engine, heard, speech=heard.speech).stopped


def test_what_the_engine_cannot_do_is_refused_before_any_work(subject: Subject, engine: Engine) -> None:
    for field, value, code in subject.refused:
        options = parse_options({field: value})
        with pytest.raises(UsageError) as checked:
            engine.check(options)
        with pytest.raises(UsageError) as called:
            engine.recognise(silence(1).audio, options, None)
        assert checked.value.code == called.value.code == code
        assert checked.value.hint


def test_plain_options_are_never_refused(engine: Engine) -> None:
    engine.check(Options())


def test_the_identity_names_all_that_shapes_the_text(engine: Engine) -> None:
    identity = engine.identity
    assert all((identity.engine, identity.model, identity.revision, identity.compute_type))
    assert "/" not in identity.revision


def test_warming_up_may_be_repeated(engine: Engine) -> None:
    engine.warm_up()
    engine.warm_up()
    assert engine.seconds_per_audio_second > 0


def test_no_call_holds_the_interpreter_for_five_seconds(engine: Engine, heard: Recording) -> None:
    """Ledger rule 10: while one does, no lease is renewed."""
    longest, done = [0.0], threading.Event()

    def watch() -> None:
        last = time.monotonic()
        while not done.wait(0.01):
            now = time.monotonic()
            longest[0], last = max(longest[0], now - last), now

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        recognise(engine, heard, speech=heard.speech)
    finally:
        done.set()
        watcher.join()
    assert longest[0] < 5
