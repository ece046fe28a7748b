"""PocketSphinx on synthetic and human voices."""

import pytest

from stenopool.transcripts.options import Options, parse_options
from tests.contract.engine_ground import human, pocketsphinx_engine, recognise, sample, text_of, word_error_rate

pytestmark = pytest.mark.needs("pocketsphinx")


@pytest.mark.parametrize("name", ["flite-rms.flac", "flite-slt.flac"])
def test_flites_voices_are_understood(name: str) -> None:
    outcome = recognise(pocketsphinx_engine(), sample(name), speech=sample(name).speech)
    assert word_error_rate(sample(name).script, text_of(outcome.segments)) <= 0.12


@pytest.mark.needs("audio")
def test_a_human_voice_is_understood() -> None:
    outcome = recognise(pocketsphinx_engine(), human("jfk.flac"), speech=human("jfk.flac").speech)
    assert word_error_rate(human("jfk.flac").script, text_of(outcome.segments)) <= 0.3


def test_words_have_neither_noises_nor_pronunciation_numbers() -> None:
    recorded = sample("flite-rms.flac")
    outcome = recognise(pocketsphinx_engine(), recorded, Options(word_timestamps=True), recorded.speech)
    words = [word for segment in outcome.segments for word in segment.words or ()]
    # "will" is heard as "will(2)", its second pronunciation in the dictionary.
    assert "will" in [word.word for word in words]
    assert all(word.word.replace("'", "").isalpha() for word in words)
    assert all(word.probability is not None for word in words)


def test_a_pause_begins_a_new_segment() -> None:
    recorded = sample("flite-rms.flac")
    assert len(recognise(pocketsphinx_engine(), recorded, speech=recorded.speech).segments) == 4


@pytest.mark.parametrize("name", ["silence.flac", "noise.flac"])
def test_neither_silence_nor_noise_gives_words(name: str) -> None:
    assert recognise(pocketsphinx_engine(), sample(name), speech=None).segments == ()


def warnings(**fields: str) -> tuple[str, ...]:
    return recognise(pocketsphinx_engine(), sample("silence.flac"), parse_options(fields), ()).heard.warnings


def test_plain_options_bring_no_warning() -> None:
    assert warnings(language="en", word_timestamps="true") == ()


def test_what_is_ignored_is_said() -> None:
    assert warnings(hotwords="fox", initial_prompt="Yes.", beam_size="2", temperature="0.5") == (
        "options_ignored: PocketSphinx has no use for initial_prompt, hotwords, beam_size, temperature",
    )


def test_noise_is_filtered_though_the_filter_was_switched_off() -> None:
    assert warnings(vad_filter="false") == ("options_ignored: PocketSphinx has no use for vad_filter",)


def test_its_language_has_no_probability() -> None:
    heard = recognise(pocketsphinx_engine(), sample("silence.flac"), speech=()).heard
    assert (heard.language, heard.language_probability) == ("en", None)
