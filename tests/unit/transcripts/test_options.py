"""Options: bounds, names, and a canonical form."""

import pytest

from stenopool.errors import ErrorCode, UsageError
from stenopool.transcripts.options import Options, parse_options, stored_options


def test_defaults_are_filled_in() -> None:
    options = parse_options({})
    assert (options.language, options.speech_task, options.vad_filter, options.beam_size) == (
        "auto",
        "transcribe",
        True,
        5,
    )


def test_the_wire_calls_the_speech_task_task() -> None:
    assert parse_options({"task": "translate"}).speech_task == "translate"


def test_an_unknown_field_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UsageError) as caught:
        parse_options({"langage": "en"})
    assert caught.value.code is ErrorCode.UNKNOWN_FIELD
    assert "'language'" in caught.value.hint


def test_the_inner_name_of_a_field_is_not_accepted_on_the_wire() -> None:
    with pytest.raises(UsageError):
        parse_options({"speech_task": "translate"})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("beam_size", "0"),
        ("beam_size", "21"),
        ("temperature", "1.5"),
        ("language", "klingon"),
        ("hotwords", "x" * 1001),
    ],
)
def test_a_value_out_of_bounds_is_refused_and_named(field: str, value: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_options({field: value})
    assert caught.value.code is ErrorCode.INVALID_OPTION
    assert field in caught.value.message


def test_a_language_is_folded_to_its_code() -> None:
    assert parse_options({"language": " EN "}).language == "en"
    assert parse_options({"language": ""}).language == "auto"


def test_equal_options_have_one_canonical_form_and_come_back_from_it() -> None:
    one = parse_options({"language": "de", "initial_prompt": "Grüße"})
    two = parse_options({"initial_prompt": " Grüße ", "language": "DE", "hotwords": ""})
    assert one.canonical() == two.canonical()
    assert stored_options(one.canonical()) == one


def test_options_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Options().language = "de"  # type: ignore[misc] # That this is refused is what is tested.
