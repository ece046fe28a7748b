"""Which format is answered: the query first, then Accept with its weights."""

import pytest

from stenopool.errors import ErrorCode, UsageError
from stenopool.transcripts.formats import Format, format_of


def test_nothing_asked_is_json() -> None:
    assert format_of(None, None) is Format.JSON
    assert format_of("", "  ") is Format.JSON


def test_the_query_wins_over_the_header() -> None:
    assert format_of("SRT", "text/vtt") is Format.SRT


def test_an_unknown_name_is_refused_with_all_names_and_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        format_of("txt", None)
    assert caught.value.code is ErrorCode.INVALID_REQUEST
    assert "did you mean 'text'?" in caught.value.hint
    assert "json, text, srt, vtt, tsv" in caught.value.hint


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("*/*", Format.JSON),
        ("text/vtt", Format.VTT),
        ("Text/VTT; charset=utf-8", Format.VTT),
        ("application/x-subrip", Format.SRT),
        ("text/srt", Format.SRT),
        ("text/tab-separated-values", Format.TSV),
        ("text/*", Format.TEXT),
        # Named precisely goes before what a pattern allows at the same weight.
        ("*/*, text/vtt", Format.VTT),
        # The order of the header decides between equals.
        ("text/vtt, application/json", Format.VTT),
        ("application/json, text/vtt", Format.JSON),
        ("text/plain;q=0.5, text/vtt;q=0.8, */*;q=0.1", Format.VTT),
        ("application/json;q=0, */*", Format.TEXT),
        ("text/*;q=0, */*;q=0.5", Format.JSON),
        ("text/*;q=0, text/vtt", Format.VTT),
        # What a browser sends.
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Format.JSON),
        # Unreadable entries are passed over.
        ("text/vtt;q=many, text/plain;q=0.1", Format.TEXT),
        ("nonsense, */json, text/, ;;, text/vtt", Format.VTT),
        ("text/plain;q=nan, text/vtt;q=0.2", Format.VTT),
        ("text/plain;q=2, text/vtt;q=0.2", Format.VTT),
    ],
)
def test_the_header_is_weighed(accept: str, expected: Format) -> None:
    assert format_of(None, accept) is expected


@pytest.mark.parametrize("accept", ["image/png", "application/json;q=0", "nonsense", "*/*;q=0"])
def test_a_header_that_allows_no_format_is_refused_with_the_types(accept: str) -> None:
    with pytest.raises(UsageError) as caught:
        format_of(None, accept)
    assert caught.value.code is ErrorCode.INVALID_REQUEST
    assert (
        "application/json, text/plain, application/x-subrip, text/vtt, text/tab-separated-values" in caught.value.hint
    )


def test_every_format_has_its_own_type_and_extension() -> None:
    assert {form: (form.content_type, form.extension) for form in Format} == {
        Format.JSON: ("application/json", ".json"),
        Format.TEXT: ("text/plain; charset=utf-8", ".txt"),
        Format.SRT: ("application/x-subrip; charset=utf-8", ".srt"),
        Format.VTT: ("text/vtt; charset=utf-8", ".vtt"),
        Format.TSV: ("text/tab-separated-values; charset=utf-8", ".tsv"),
    }
