"""Decoding what people send: every container, any rate and layout, whole or cut short."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from stenopool.errors import ErrorCode, UsageError
from tests.integration.decode.conftest import Decoder
from tests.integration.decode.made_media import (
    FORMS,
    TONE_HZ,
    TONE_S,
    Form,
    form_of,
    id3_tag,
    tone,
    write_many_streams,
    write_tone,
    write_video,
    write_wav,
)


def pitch_hz(samples: npt.NDArray[np.int16]) -> float:
    """Frequency of a tone at 16 kHz: upward zero crossings per second of its middle part."""
    middle = samples[4_000:-4_000].astype(np.int32)
    return np.count_nonzero((middle[:-1] < 0) & (middle[1:] >= 0)) * 16_000 / len(middle)


def refusal_of(decode: Decoder, source: Path) -> ErrorCode:
    with pytest.raises(UsageError) as caught:
        decode(source)
    assert decode.left_behind() == []
    return caught.value.code


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.ending)
def test_every_container_gives_its_sound_at_16_khz(tmp_path: Path, decode: Decoder, form: Form) -> None:
    media = decode(write_tone(tmp_path, form))
    # Encoders pad by up to two frames of 1,024 to 2,048 samples.
    assert media.duration_s == pytest.approx(TONE_S, abs=0.15)
    assert pitch_hz(decode.samples()) == pytest.approx(TONE_HZ, rel=0.01)
    assert (media.container, media.warnings) == (form.ending, ())
    assert media.n_samples == len(decode.samples())


def test_the_facts_of_the_media_are_told(tmp_path: Path, decode: Decoder) -> None:
    media = decode(write_tone(tmp_path, form_of("m4a")))
    assert (media.container, media.codec, media.sample_rate, media.channels) == ("m4a", "aac", 44_100, 2)


def test_nothing_but_the_target_is_left(tmp_path: Path, decode: Decoder) -> None:
    decode(write_tone(tmp_path, form_of("wav")))
    assert decode.left_behind() == ["audio.pcm"]


def test_samples_at_16_khz_mono_come_out_as_they_are(tmp_path: Path, decode: Decoder) -> None:
    said = tone(16_000)
    decode(write_wav(tmp_path / "said.wav", [said]))
    assert np.array_equal(decode.samples(), said)


@pytest.mark.parametrize("channels", [2, 3, 6, 8, 16])
def test_a_voice_on_the_last_channel_alone_is_heard(tmp_path: Path, decode: Decoder, channels: int) -> None:
    silence = np.zeros_like(tone(16_000))
    decode(write_wav(tmp_path / "said.wav", [*[silence] * (channels - 1), tone(16_000)]))
    assert pitch_hz(decode.samples()) == pytest.approx(TONE_HZ, rel=0.01)


def test_the_sound_of_a_film_is_taken_and_the_picture_left(tmp_path: Path, decode: Decoder) -> None:
    media = decode(write_video(tmp_path / "film.mp4", with_audio=True))
    assert (media.codec, media.warnings) == ("aac", ())
    assert pitch_hz(decode.samples()) == pytest.approx(TONE_HZ, rel=0.01)


def test_a_large_cover_before_the_sound_does_no_harm(tmp_path: Path, decode: Decoder) -> None:
    bare = write_tone(tmp_path, form_of("mp3")).read_bytes()
    song = tmp_path / "song"
    song.write_bytes(id3_tag(100_000) + bare)
    assert decode(song).duration_s == pytest.approx(TONE_S, abs=0.15)


def test_a_second_decoding_replaces_the_first(tmp_path: Path, decode: Decoder) -> None:
    decode(write_wav(tmp_path / "long.wav", [tone(16_000, 2)]))
    assert decode(write_wav(tmp_path / "short.wav", [tone(16_000, 1)])).n_samples == 16_000
    assert len(decode.samples()) == 16_000


@pytest.mark.parametrize(
    "body",
    [b"", b"Hello, this is text.\n", b"\x89PNG\r\n\x1a\n" + bytes(500), b"PK\x03\x04" + bytes(500), bytes(10_000)],
    ids=["empty", "text", "png", "zip", "zeros"],
)
def test_threat_08_what_is_no_recording_is_undecodable(tmp_path: Path, decode: Decoder, body: bytes) -> None:
    file = tmp_path / "talk.mp3"
    file.write_bytes(body)
    assert refusal_of(decode, file) is ErrorCode.UNDECODABLE_MEDIA


@pytest.mark.parametrize(
    "head",
    [
        b"RIFF\x24\x00\x00\x00WAVEfmt ",
        b"fLaC\x00\x00\x00\x22",
        b"\x00\x00\x00\x18ftypM4A ",
        b"\x1a\x45\xdf\xa3\x84\x42\x82\x81x",
    ],
    ids=["wav", "flac", "m4a", "mkv"],
)
def test_a_right_beginning_with_nonsense_behind_is_undecodable(tmp_path: Path, decode: Decoder, head: bytes) -> None:
    file = tmp_path / "talk"
    file.write_bytes(head + np.random.default_rng(1).bytes(5_000))
    assert refusal_of(decode, file) is ErrorCode.UNDECODABLE_MEDIA


def test_a_film_without_sound_has_no_audio(tmp_path: Path, decode: Decoder) -> None:
    assert refusal_of(decode, write_video(tmp_path / "film.mp4", with_audio=False)) is ErrorCode.NO_AUDIO


def test_a_recording_of_no_length_has_no_audio(tmp_path: Path, decode: Decoder) -> None:
    assert refusal_of(decode, write_wav(tmp_path / "none.wav", [tone(16_000, 0)])) is ErrorCode.NO_AUDIO


def test_a_cover_without_a_song_is_refused(tmp_path: Path, decode: Decoder) -> None:
    file = tmp_path / "cover.mp3"
    file.write_bytes(id3_tag(20_000))
    assert refusal_of(decode, file) in (ErrorCode.NO_AUDIO, ErrorCode.UNDECODABLE_MEDIA)


def test_an_mp4_without_its_index_is_undecodable(tmp_path: Path, decode: Decoder) -> None:
    whole = write_tone(tmp_path, form_of("mp4"))
    whole.write_bytes(whole.read_bytes()[:-2_000])
    assert refusal_of(decode, whole) is ErrorCode.UNDECODABLE_MEDIA


@pytest.mark.parametrize("ending", ["wav", "flac", "mp3", "aiff", "webm", "mkv"])
def test_a_recording_that_breaks_off_gives_what_there_is_with_a_warning(
    tmp_path: Path, decode: Decoder, ending: str
) -> None:
    cut = write_tone(tmp_path, form_of(ending), seconds=20)
    body = cut.read_bytes()
    cut.write_bytes(body[: len(body) // 2])
    media = decode(cut)
    assert 5 < media.duration_s < 12
    assert media.warnings[0].startswith("media_truncated: ")


@pytest.mark.parametrize("size", [0xFFFF_FFFF, 0x7FFF_FFFF, 0])
def test_threat_05_a_wav_that_does_not_know_its_length_is_read_to_its_end(
    tmp_path: Path, decode: Decoder, size: int
) -> None:
    file = write_wav(tmp_path / "stream.wav", [tone(16_000)])
    body = bytearray(file.read_bytes())
    body[4:8] = body[40:44] = size.to_bytes(4, "little")
    file.write_bytes(body)
    media = decode(file)
    assert (media.n_samples, media.warnings) == (TONE_S * 16_000, ())


@pytest.mark.parametrize("rate", [1, 999, 1_000_000])
def test_threat_05_a_forged_sample_rate_is_refused(tmp_path: Path, decode: Decoder, rate: int) -> None:
    assert refusal_of(decode, write_wav(tmp_path / "x.wav", [tone(16_000)], rate)) is ErrorCode.UNDECODABLE_MEDIA


def test_threat_05_more_channels_than_a_studio_has_are_refused(tmp_path: Path, decode: Decoder) -> None:
    file = write_wav(tmp_path / "x.wav", [tone(16_000, 0.1)] * 33)
    assert refusal_of(decode, file) is ErrorCode.UNDECODABLE_MEDIA


def test_threat_05_more_streams_than_a_film_has_are_refused(tmp_path: Path, decode: Decoder) -> None:
    assert refusal_of(decode, write_many_streams(tmp_path / "x.mkv", 65)) is ErrorCode.UNDECODABLE_MEDIA
    assert decode(write_many_streams(tmp_path / "y.mkv", 64)).codec == "pcm_s16le"


def test_a_codec_that_no_recorder_of_speech_writes_is_refused(tmp_path: Path, decode: Decoder) -> None:
    file = write_tone(tmp_path, Form("mkv", "matroska", "real_144", 8_000, "mono", 8))
    with pytest.raises(UsageError, match="real_144"):
        decode(file)


def test_a_recording_that_is_gone_is_a_missing_input(tmp_path: Path, decode: Decoder) -> None:
    assert refusal_of(decode, tmp_path / "gone") is ErrorCode.INPUT_MISSING


def ending_of(decode: Decoder, source: Path) -> str:
    try:
        return "decoded" if decode(source).n_samples else "empty"
    except UsageError as refusal:
        return refusal.code


@pytest.mark.parametrize("ending", ["wav", "flac", "mp3", "m4a", "opus", "webm", "aac", "wma"])
def test_threat_06_damaged_files_end_in_a_recording_or_a_refusal_never_in_a_fault_of_ours(
    tmp_path: Path, decode: Decoder, ending: str
) -> None:
    dice = np.random.default_rng(7)
    body = write_tone(tmp_path, form_of(ending), seconds=1).read_bytes()
    file = tmp_path / "damaged"
    for _ in range(4):
        damaged = np.frombuffer(body, np.uint8).copy()
        damaged[dice.integers(0, len(damaged), 60)] = dice.integers(0, 256, 60)
        file.write_bytes(damaged.tobytes())
        assert ending_of(decode, file) in ("decoded", "undecodable_media", "no_audio", "audio_too_long")
