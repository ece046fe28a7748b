"""File names in headers: no name ends the header, its quotes or the folder of who saves it."""

from email.message import Message

import pytest

from api.disposition import content_disposition


def read_back(value: str) -> str | None:
    header = Message()
    header["Content-Disposition"] = value
    return header.get_filename()


@pytest.mark.parametrize(
    ("stem", "plain", "whole"),
    [
        ("talk", "talk.srt", "talk.srt"),
        ("my talk (1)", "my talk (1).srt", "my talk (1).srt"),
        ("café", "cafe.srt", "café.srt"),
        ("会議", "__.srt", "会議.srt"),
        (
            'a"; filename="evil.exe',
            "a; filename=evil.exe.srt".replace(";", "_").replace("=", "_"),
            "a; filename=evil.exe.srt",
        ),
        ("a\r\nSet-Cookie: x", "aSet-Cookie x.srt", "aSet-Cookie x.srt"),
        ("../../etc/passwd", "passwd.srt", "passwd.srt"),
        ("..\\..\\boot", "boot.srt", "boot.srt"),
        ("a\u202egnp", "agnp.srt", "agnp.srt"),
        ("...", "transcript.srt", "transcript.srt"),
        ("", "transcript.srt", "transcript.srt"),
        ("x" * 300, "x" * 100 + ".srt", "x" * 100 + ".srt"),
    ],
)
def test_a_name_is_safe_in_both_of_its_forms(stem: str, plain: str, whole: str) -> None:
    value = content_disposition("attachment", stem, ".srt")
    assert value.startswith(f'attachment; filename="{plain}"')
    assert value.isascii()
    assert value.count('"') == 2
    assert not set("\r\n\x00") & set(value)
    if plain != whole:
        assert read_back(value.replace(f'filename="{plain}"; ', "")) == whole


def test_a_name_of_which_nothing_is_left_says_what_it_is() -> None:
    assert content_disposition("inline", "///", ".mp3", unnamed="recording") == 'inline; filename="recording.mp3"'
