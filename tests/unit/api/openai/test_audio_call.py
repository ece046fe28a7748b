"""Calls read from their fields: each is used, ignored or refused as the table says, and refusals name their field."""

import pytest
from openai.types.audio.transcription_create_params import TranscriptionCreateParamsStreaming
from openai.types.audio.translation_create_params import TranslationCreateParams

from api.services.openai.audio_call import AnswerFormat, AudioCall, Granularity, read_call
from api.services.openai.fields import FIELDS, OPTION_FIELDS, Use
from api.services.openai.models import OfferedModels
from api.services.openai.refusals import FieldError
from stenopool.errors import ErrorCode
from stenopool.transcripts.options import parse_options, wire_names

MODELS = OfferedModels(["base", "Systran/faster-whisper-small"])


def read(*fields: tuple[str, str]) -> AudioCall:
    return read_call(fields, "transcribe", MODELS)


def refused(*fields: tuple[str, str]) -> FieldError:
    with pytest.raises(FieldError) as caught:
        read(*fields)
    return caught.value


def test_every_field_of_the_newest_client_is_in_the_table() -> None:
    # ``stream`` stands in both halves of the union that the client's type is.
    ours = set(FIELDS)
    assert set(TranscriptionCreateParamsStreaming.__annotations__) <= ours
    assert set(TranslationCreateParams.__annotations__) <= ours


def test_every_option_of_ours_has_a_place() -> None:
    served = {"language", "temperature", "task"}
    assert set(OPTION_FIELDS) | served == set(wire_names())


def test_a_call_without_anything_means_the_defaults() -> None:
    call = read(("model", "whisper-1"))
    assert call == AudioCall("base", {"task": "transcribe"}, AnswerFormat.JSON, frozenset({Granularity.SEGMENT}), False)


def test_the_address_decides_between_transcribing_and_translating() -> None:
    assert read_call([], "translate", MODELS).options == {"task": "translate"}
    assert refused(("task", "translate")).code is ErrorCode.UNSUPPORTED_FIELD


def test_the_fields_become_options() -> None:
    call = read(
        ("language", "English"),
        ("prompt", " ZyntriQix "),
        ("temperature", "0.4"),
        ("keywords[]", "Digique"),
        ("keywords[]", "CynapseFive"),
        ("vad_filter", "true"),
        ("beam_size", "2"),
    )
    assert call.options == {
        "language": "en",
        "initial_prompt": "ZyntriQix",
        "temperature": "0.4",
        "hotwords": "Digique, CynapseFive",
        "vad_filter": "true",
        "beam_size": "2",
        "task": "transcribe",
    }
    assert parse_options(call.options).beam_size == 2


def test_a_language_alone_among_several_possible_ones_is_the_language() -> None:
    assert read(("languages[]", "de")).options["language"] == "de"
    assert "language" not in read(("languages[]", "de"), ("languages[]", "fr")).options
    assert read(("languages[]", "de"), ("language", "fr")).options["language"] == "fr"


def test_of_a_long_prompt_the_end_counts() -> None:
    assert read(("prompt", "a" * 500 + "b" * 1000)).options["initial_prompt"] == "b" * 1000


@pytest.mark.parametrize("name", ["timestamp_granularities[]", "timestamp_granularities"])
def test_granularities_may_be_one_or_both(name: str) -> None:
    verbose = ("response_format", "verbose_json")
    assert read(verbose).granularities == {Granularity.SEGMENT}
    words = read((name, "word"), verbose)
    assert words.granularities == {Granularity.WORD}
    assert words.options["word_timestamps"] == "true"
    assert read(verbose, (name, "word"), (name, "segment")).granularities == {Granularity.WORD, Granularity.SEGMENT}


@pytest.mark.parametrize("answer", ["json", "text", "srt", "vtt", ""])
def test_words_without_verbose_json_are_refused(answer: str) -> None:
    error = refused(("timestamp_granularities[]", "word"), ("response_format", answer))
    assert (error.code, error.param) == (ErrorCode.INVALID_OPTION, "timestamp_granularities")
    assert "verbose_json" in error.hint


@pytest.mark.parametrize("answer", ["json", "text"])
def test_text_may_be_streamed(answer: str) -> None:
    assert read(("response_format", answer), ("stream", "true")).is_streamed
    assert not read(("response_format", answer), ("stream", "false")).is_streamed


@pytest.mark.parametrize("answer", ["srt", "vtt", "verbose_json"])
def test_what_cannot_come_in_pieces_is_not_streamed(answer: str) -> None:
    error = refused(("stream", "true"), ("response_format", answer))
    assert (error.code, error.param) == (ErrorCode.INVALID_OPTION, "stream")


@pytest.mark.parametrize("name", [name for name, rule in FIELDS.items() if rule.use is Use.REFUSED])
def test_what_would_be_missing_from_the_answer_is_refused(name: str) -> None:
    error = refused((f"{name}[]", "x"))
    assert (error.code, error.param, error.hint) == (ErrorCode.UNSUPPORTED_FIELD, name, FIELDS[name].note)
    assert read((name, "")).options == {"task": "transcribe"}


@pytest.mark.parametrize("name", ["chunking_strategy", "chunking_strategy[type]", "chunking_strategy[threshold]"])
def test_what_only_guides_is_ignored(name: str) -> None:
    assert read((name, "server_vad")).options == {"task": "transcribe"}


@pytest.mark.parametrize(
    ("fields", "code", "param"),
    [
        ([("lnaguage", "de")], ErrorCode.UNKNOWN_FIELD, "lnaguage"),
        ([("language", "klingon")], ErrorCode.INVALID_OPTION, "language"),
        ([("temperature", "2")], ErrorCode.INVALID_OPTION, "temperature"),
        ([("beam_size", "much")], ErrorCode.INVALID_OPTION, "beam_size"),
        ([("keywords[]", "a" * 2000)], ErrorCode.INVALID_OPTION, "keywords"),
        ([("response_format", "diarized_json")], ErrorCode.INVALID_OPTION, "response_format"),
        ([("timestamp_granularities[]", "letter")], ErrorCode.INVALID_OPTION, "timestamp_granularities"),
        ([("stream", "perhaps")], ErrorCode.INVALID_OPTION, "stream"),
        ([("prompt", "a"), ("prompt", "b")], ErrorCode.INVALID_OPTION, "prompt"),
        ([("prompt", "a"), ("initial_prompt", "b")], ErrorCode.INVALID_OPTION, "initial_prompt"),
        ([("model", "gpt-4o-transcribe")], ErrorCode.MODEL_NOT_FOUND, "model"),
    ],
)
def test_a_refusal_names_its_field(fields: list[tuple[str, str]], code: ErrorCode, param: str) -> None:
    error = refused(*fields)
    assert (error.code, error.param) == (code, param)


def test_an_unknown_field_is_told_its_neighbour() -> None:
    assert "'language'" in refused(("lnaguage", "de")).hint
