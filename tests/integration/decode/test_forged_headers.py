"""Headers that claim what is not there: samples, rates, channels, tables, and a place in another file."""

import struct
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from stenopool.errors import ErrorCode, UsageError
from tests.integration.decode.conftest import Decoder
from tests.integration.decode.forged_media import (
    forge_aiff_rate,
    forge_flac,
    forge_matroska_rate,
    forge_mp4,
    forge_mp4_tracks,
    forge_wav,
    write_borrowing_mov,
)
from tests.integration.decode.made_media import Form, repeat_pages, tone, write_tone, write_wav

MAX_32: bytes = b"\xff" * 4
TONE_SAMPLES = 32_000
"""Two seconds at 16 kHz: all that is in the forged files, whatever they say."""


def samples_of(decode: Decoder, source: Path) -> int | ErrorCode:
    """How many samples came out, or the code it was refused with, by its own fault."""
    try:
        return decode(source).n_samples
    except UsageError as refusal:
        assert decode.left_behind() == []
        return refusal.code


@pytest.mark.parametrize(
    ("at", "field"),
    [
        pytest.param(16, MAX_32, id="size of the header"),
        pytest.param(20, b"\x55\0", id="codec MP3"),
        pytest.param(20, b"\xfe\xff", id="codec in an extension that is missing"),
        pytest.param(20, b"\x34\x12", id="codec nobody knows"),
        pytest.param(22, b"\xff\xff", id="65,535 channels"),
        pytest.param(22, b"\0\0", id="no channel"),
        pytest.param(24, MAX_32, id="4 GHz"),
        pytest.param(24, bytes(4), id="0 Hz"),
        pytest.param(32, b"\0\0", id="blocks of nothing"),
        pytest.param(34, b"\0\0", id="samples of no bits"),
        pytest.param(34, b"\xff\xff", id="samples of 65,535 bits"),
    ],
)
def test_threat_05_a_wav_gives_what_is_in_it_or_is_refused(
    tmp_path: Path, decode: Decoder, at: int, field: bytes
) -> None:
    assert samples_of(decode, forge_wav(tmp_path, at, field)) in (TONE_SAMPLES, ErrorCode.UNDECODABLE_MEDIA)


@pytest.mark.parametrize(
    "claim",
    [
        {"samples": (1 << 36) - 1},
        {"rate": 1},
        {"rate": (1 << 20) - 1},
        {"channels": 8},
        {"block": 65_535},
        {"block": 1},
    ],
    ids=str,
)
def test_threat_05_a_flac_gives_what_is_in_it_or_is_refused(
    tmp_path: Path, decode: Decoder, claim: dict[str, int]
) -> None:
    assert samples_of(decode, forge_flac(tmp_path, **claim)) in (TONE_SAMPLES, ErrorCode.UNDECODABLE_MEDIA)


@pytest.mark.parametrize("table", [b"stsz", b"stts", b"stsc", b"elst"])
def test_threat_05_tables_of_four_billion_entries_neither_fill_the_memory_nor_make_sound(
    tmp_path: Path, decode: Decoder, table: bytes
) -> None:
    found = samples_of(decode, forge_mp4(tmp_path, table, MAX_32))
    # AAC adds up to two frames of 1,024 samples at 44.1 kHz, 743 at 16 kHz.
    assert found in (ErrorCode.UNDECODABLE_MEDIA, ErrorCode.OUT_OF_MEMORY) or TONE_SAMPLES <= int(found) <= 32_743


@pytest.mark.parametrize("rate", [-1.0, 1e300, float("nan")])
def test_threat_05_a_rate_that_is_none_changes_nothing(tmp_path: Path, decode: Decoder, rate: float) -> None:
    # The frames of FLAC tell their own.
    assert samples_of(decode, forge_matroska_rate(tmp_path, rate)) == TONE_SAMPLES


def test_threat_05_an_aiff_is_taken_at_its_word_up_to_rates_that_no_microphone_has(
    tmp_path: Path, decode: Decoder
) -> None:
    # Two seconds at 22,050 Hz, called 1.5 * 2^14 Hz: 44,100 * 16,000 / 24,576.
    assert samples_of(decode, forge_aiff_rate(tmp_path, 14)) == pytest.approx(28_711, abs=2)
    for exponent in (0, 30, 16_383):
        assert samples_of(decode, forge_aiff_rate(tmp_path, exponent)) is ErrorCode.UNDECODABLE_MEDIA


def test_threat_05_two_thousand_streams_are_refused(tmp_path: Path, decode: Decoder) -> None:
    # FFmpeg itself makes no more than a thousand, and calls that want of memory.
    assert samples_of(decode, forge_mp4_tracks(tmp_path, 2_000)) is ErrorCode.OUT_OF_MEMORY
    assert samples_of(decode, forge_mp4_tracks(tmp_path, 100)) is ErrorCode.UNDECODABLE_MEDIA
    # Ten are taken: it is their number that was refused.
    assert decode(forge_mp4_tracks(tmp_path, 10)).codec == "aac"


def test_threat_04_an_opus_file_unpacks_no_further_than_is_allowed(tmp_path: Path) -> None:
    # 20 s of silence at 6 kbit/s, again and again: ten hours, 2.3 GB as floats, in less than 15 MB.
    small = write_tone(tmp_path, Form("opus", "ogg", "libopus", 48_000, "mono", 6), seconds=20, hertz=0)
    bomb = repeat_pages(small, tmp_path / "bomb.opus", 1_800)
    assert bomb.stat().st_size < 15_000_000
    # In a process of its own, so that no other child of the tests counts.
    code = (
        "import resource\nfrom pathlib import Path\n"
        "from worker.pipeline.decode import DecodeLimits, decode_media\n"
        f"try:\n    decode_media(Path({str(bomb)!r}), Path({str(tmp_path / 'a.pcm')!r}), DecodeLimits(180))\n"
        "except Exception as error:\n    print(error.code)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    refused, memory_mb = done.stdout.split()
    assert refused == "audio_too_long"
    assert int(memory_mb) < 300


def test_threat_07_a_film_whose_sound_lies_in_another_file_has_none(tmp_path: Path, decode: Decoder) -> None:
    for folder in (tmp_path, decode.folder):
        write_wav(folder / "victim.wav", [tone(16_000)])
    film = write_borrowing_mov(tmp_path / "film.mov", "victim.wav")
    with av.open(str(film), options={"enable_drefs": "1"}) as told_to:
        heard = np.concatenate([frame.to_ndarray().ravel() for frame in told_to.decode(audio=0)])
    assert np.abs(heard).max() > 8_000, "the film does not point at the victim: this test could not fail"
    with pytest.raises(UsageError) as caught:
        decode(film)
    assert caught.value.code is ErrorCode.UNDECODABLE_MEDIA


def test_an_audio_stream_that_nothing_can_decode_is_the_files_fault(tmp_path: Path, decode: Decoder) -> None:
    # Three units in a row that fail by our fault stop a worker: three such files did.
    source = forge_wav(tmp_path, 34, struct.pack("<H", 0))
    with pytest.raises(UsageError) as caught:
        decode(source)
    assert caught.value.code is ErrorCode.UNDECODABLE_MEDIA
