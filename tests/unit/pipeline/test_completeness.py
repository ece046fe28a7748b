"""Whether a recording is all that its file promised."""

from dataclasses import replace

import pytest

from worker.pipeline.completeness import Decoded, warnings_of

WHOLE = Decoded(
    kind="flac",
    file_bytes=100_000,
    head=b"fLaC",
    declared_s=60.0,
    decoded_s=60.0,
    broken_packets=0,
    ended_by_error=False,
)


def test_a_whole_recording_has_no_warning() -> None:
    assert warnings_of(WHOLE) == ()


@pytest.mark.parametrize("decoded_s", [59.0, 60.5, 200.0])
def test_a_little_less_and_anything_more_is_no_loss(decoded_s: float) -> None:
    assert warnings_of(replace(WHOLE, decoded_s=decoded_s)) == ()


def test_a_recording_shorter_than_promised_says_how_much_there_is() -> None:
    assert warnings_of(replace(WHOLE, decoded_s=30.0)) == (
        "media_truncated: the file ends early, 30.0 s of 60.0 s could be decoded",
    )


def test_a_guessed_length_is_no_promise() -> None:
    assert warnings_of(replace(WHOLE, kind="mp3", head=b"\xff\xfb", decoded_s=30.0)) == ()


@pytest.mark.parametrize("table", [b"Xing", b"Info", b"VBRI"])
def test_an_mp3_with_a_table_of_contents_promises_its_length(table: bytes) -> None:
    mp3 = replace(WHOLE, kind="mp3", head=b"\xff\xfb" + bytes(34) + table, decoded_s=30.0)
    assert warnings_of(mp3)[0].startswith("media_truncated")


def test_a_container_that_broke_off_is_truncated_whatever_it_promised() -> None:
    broken = replace(WHOLE, declared_s=None, ended_by_error=True)
    assert warnings_of(broken) == ("media_truncated: the file ends early, after 60.0 s",)


def test_a_wav_smaller_than_its_header_says_is_truncated() -> None:
    head = b"RIFF" + (1_000_000).to_bytes(4, "little") + b"WAVE"
    wav = replace(WHOLE, kind="wav", head=head, declared_s=60.0)
    assert warnings_of(wav)[0].startswith("media_truncated")
    assert warnings_of(replace(wav, file_bytes=1_000_008)) == ()


def test_broken_packets_are_counted_in_a_warning() -> None:
    assert warnings_of(replace(WHOLE, broken_packets=3)) == (
        "media_damaged: 3 packets could not be decoded and are left out",
    )
