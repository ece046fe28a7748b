"""Bodies that are the recording itself: which they are, and names that come in headers."""

import pytest

from api.services.raw_body import RawReader, is_raw, raw_file_name
from stenopool.errors import ErrorCode, UsageError


@pytest.mark.parametrize("kind", ["audio/mpeg", "AUDIO/WAV; rate=16000", "video/mp4", "application/octet-stream"])
def test_recordings_come_under_their_own_type(kind: str) -> None:
    assert is_raw(kind)


@pytest.mark.parametrize(
    "kind", [None, "", "application/json", "text/plain", "application/x-www-form-urlencoded", "audio"]
)
def test_nothing_else_is_taken_for_one(kind: str | None) -> None:
    assert not is_raw(kind)


@pytest.mark.parametrize(
    ("disposition", "given", "name"),
    [
        ('attachment; filename="talk.wav"', None, "talk.wav"),
        ("attachment; filename*=UTF-8''caf%C3%A9.wav", None, "café.wav"),
        (None, "caf%C3%A9.wav", "café.wav"),
        (None, "café.wav".encode().decode("latin-1"), "café.wav"),
        (None, "..%2f..%2fetc%2fpasswd", "passwd"),
        (None, "a%0d%0ab.wav", "ab.wav"),
        ("attachment; filename*=bogus'x", None, "bogus'x"),
        ("\x00;;=", "%ff", "\ufffd"),
        (None, None, ""),
    ],
)
def test_a_name_is_read_from_either_header_and_only_displayed(
    disposition: str | None, given: str | None, name: str
) -> None:
    assert raw_file_name(disposition, given) == name


def test_an_empty_body_is_told() -> None:
    with pytest.raises(UsageError) as caught:
        RawReader().finish()
    assert caught.value.code is ErrorCode.EMPTY_FILE
