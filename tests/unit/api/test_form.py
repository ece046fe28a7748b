"""The form reader: parts told apart, limits kept, whatever the pieces they come in."""

import pytest

from api.services.form import MAX_FIELD_BYTES, MAX_FIELDS, FormReader, boundary_of, display_text
from stenopool.errors import ErrorCode, UsageError
from tests.unit.api.multipart_bodies import BOUNDARY, WAV, field, file, multipart, pieces


def read(body: bytes, piece_bytes: int = 1 << 16) -> tuple[FormReader, bytes]:
    form = FormReader(BOUNDARY)
    content = b""
    for piece in pieces(body, piece_bytes):
        form.feed(piece)
        content += form.take()
    form.finish()
    return form, content


def refused(body: bytes) -> ErrorCode:
    with pytest.raises(UsageError) as caught:
        read(body)
    return caught.value.code


@pytest.mark.parametrize("piece_bytes", [1, 2, 3, 7, 64, 1 << 16])
def test_the_file_comes_out_whole_however_the_body_is_cut(piece_bytes: int) -> None:
    # Bytes that look like the beginning of a boundary are the file's own.
    content = b"\r\n--" + BOUNDARY[:-1] + b"\r\n----\r\n" + WAV
    form, out = read(multipart(field("language", "de"), file(content), field("task", "translate")), piece_bytes)
    assert out == content
    assert form.file_size_bytes == len(content)
    assert form.fields == [("language", "de"), ("task", "translate")]
    assert form.file_name == "talk.wav"


def test_the_file_may_come_before_or_after_the_fields() -> None:
    first, _ = read(multipart(file(WAV), field("language", "de")))
    last, _ = read(multipart(field("language", "de"), file(WAV)))
    assert first.fields == last.fields == [("language", "de")]


def test_a_form_without_a_file_is_refused() -> None:
    assert refused(multipart(field("language", "de"))) is ErrorCode.MISSING_FILE


def test_a_browser_form_in_which_no_file_was_chosen_is_a_missing_file() -> None:
    assert refused(multipart(file(b"", name=""))) is ErrorCode.MISSING_FILE


def test_an_empty_file_is_refused() -> None:
    assert refused(multipart(file(b""))) is ErrorCode.EMPTY_FILE


def test_a_second_file_is_refused() -> None:
    assert refused(multipart(file(WAV), file(WAV))) is ErrorCode.INVALID_REQUEST


def test_a_file_under_another_name_is_told_the_right_one() -> None:
    with pytest.raises(UsageError, match="'audio'") as caught:
        read(multipart(file(WAV, field_name="audio")))
    assert caught.value.code is ErrorCode.MISSING_FILE
    assert "'file'" in caught.value.hint


def test_a_body_that_ends_early_is_malformed() -> None:
    assert refused(multipart(file(WAV))[:-5]) is ErrorCode.MALFORMED_UPLOAD


def test_a_body_with_another_boundary_is_malformed() -> None:
    assert refused(b"--other\r\n" + file(WAV) + b"--other--\r\n") is ErrorCode.MALFORMED_UPLOAD


def test_a_part_without_a_name_is_malformed() -> None:
    assert refused(multipart(b"Content-Disposition: form-data\r\n\r\nx\r\n")) is ErrorCode.MALFORMED_UPLOAD


def test_an_encoded_part_is_refused() -> None:
    part = b'Content-Disposition: form-data; name="file"\r\nContent-Transfer-Encoding: base64\r\n\r\nUklGRg==\r\n'
    assert refused(multipart(part)) is ErrorCode.UNSUPPORTED_ENCODING


def test_threat_02_as_many_fields_as_are_allowed_are_taken_and_one_more_is_refused() -> None:
    fields = [field(f"f{number}", "") for number in range(MAX_FIELDS)]
    assert len(read(multipart(*fields, file(WAV)))[0].fields) == MAX_FIELDS
    assert refused(multipart(*fields, field("one-more", ""), file(WAV))) is ErrorCode.INVALID_REQUEST


def test_threat_02_fields_are_limited_in_sum() -> None:
    half = "x" * (MAX_FIELD_BYTES // 2)
    assert refused(multipart(field("a", half), field("b", half), file(WAV))) is ErrorCode.INVALID_REQUEST


def test_threat_02_part_headers_without_end_are_refused() -> None:
    assert refused(b"--" + BOUNDARY + b"\r\nX-Junk: " + b"a" * 100_000) is ErrorCode.MALFORMED_UPLOAD


@pytest.mark.parametrize("content_type", [None, "", "application/json", "audio/wav", "multipart/mixed; boundary=x"])
def test_a_body_that_is_no_form_is_an_unsupported_encoding(content_type: str | None) -> None:
    with pytest.raises(UsageError) as caught:
        boundary_of(content_type)
    assert caught.value.code is ErrorCode.UNSUPPORTED_ENCODING


def test_a_form_without_a_boundary_is_malformed() -> None:
    with pytest.raises(UsageError) as caught:
        boundary_of("multipart/form-data")
    assert caught.value.code is ErrorCode.MALFORMED_UPLOAD


def test_a_boundary_no_client_makes_is_malformed() -> None:
    with pytest.raises(UsageError) as caught:
        FormReader(b"x" * 1000)
    assert caught.value.code is ErrorCode.MALFORMED_UPLOAD


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("talk.wav", "talk.wav"),
        ("../../etc/passwd", "passwd"),
        ("C:\\recordings\\talk.wav", "talk.wav"),
        ("a\x00b\r\nc\x1b[31m.wav", "abc[31m.wav"),
        ("\u202egpj.wav", "gpj.wav"),
        ("Übung 日本.wav", "Übung 日本.wav"),
        ("x" * 5000, "x" * 255),
        ("..", ".."),
        ("/", ""),
    ],
)
def test_threat_09_a_file_name_is_text_for_display_only(given: str, shown: str) -> None:
    assert display_text(given) == shown
