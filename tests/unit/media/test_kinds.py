"""Kinds of media by their first bytes. The heads are written by hand after each format's specification."""

from pathlib import Path

import pytest

from stenopool.media.kinds import HEAD_BYTES, KINDS, sniff, tag_bytes

SAMPLES = Path(__file__).parents[3] / "samples"

# MPEG-1 layer III, 128 kbit/s, 44.1 kHz: 144 * 128000 / 44100 = 417 bytes a frame.
MP3_FRAME = b"\xff\xfb\x90\x00" + bytes(413)
# MPEG-2 layer III, 64 kbit/s, 22.05 kHz: 72 * 64000 / 22050 = 208 bytes a frame.
MP3_LOW_FRAME = b"\xff\xf3\x80\x00" + bytes(204)
# ADTS, AAC-LC, 44.1 kHz, stereo, 100 bytes a frame: the length is 13 bits from bit 30 on.
ADTS_FRAME = b"\xff\xf1\x50\x80\x0c\x9f\xfc" + bytes(93)


def id3(size: int, body: bytes = b"") -> bytes:
    """An ID3v2.4 tag of ``size`` bytes behind its header."""
    length = bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x04\x00\x00" + length + body + bytes(size - len(body))


def ftyp(brand: bytes) -> bytes:
    return b"\x00\x00\x00\x18ftyp" + brand + b"\x00\x00\x02\x00" + bytes(64)


HEADS = {
    "wav": b"RIFF\x24\x00\x00\x00WAVEfmt ",
    "wav, over 4 GB": b"RF64\xff\xff\xff\xffWAVEds64",
    "flac": b"fLaC\x00\x00\x00\x22",
    "flac behind a tag": id3(100) + b"fLaC\x00\x00\x00\x22",
    "mp3": MP3_FRAME * 2,
    "mp3, MPEG-2": MP3_LOW_FRAME * 2,
    "mp3 behind padding": bytes(500) + MP3_FRAME * 3,
    "mp3 behind a tag": id3(200) + MP3_FRAME * 2,
    "mp3 behind a cover of 60 kB": id3(60_000)[:HEAD_BYTES],
    "aac": ADTS_FRAME * 2,
    "aac behind a tag": id3(50) + ADTS_FRAME * 2,
    "m4a": ftyp(b"M4A "),
    "m4a, audio book": ftyp(b"M4B "),
    "mp4": ftyp(b"isom"),
    "mp4, dash": ftyp(b"dash"),
    "mov": ftyp(b"qt  "),
    "mov, before ftyp": b"\x00\x00\x00\x08wide\x00\x00\x00\x00mdat",
    "3gp": ftyp(b"3gp5"),
    "3gp, 3GPP2": ftyp(b"3g2a"),
    "ogg": b"OggS\x00\x02" + bytes(22) + b"\x01vorbis",
    "opus": b"OggS\x00\x02" + bytes(22) + b"OpusHead",
    "webm": b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm",
    "mkv": b"\x1a\x45\xdf\xa3\xa3\x42\x86\x81\x01\x42\x82\x88matroska",
    "amr": b"#!AMR\n\x3c",
    "amr, wide band": b"#!AMR-WB\n\x3c",
    "aiff": b"FORM\x00\x00\x00\x00AIFFCOMM",
    "aiff, compressed": b"FORM\x00\x00\x00\x00AIFCFVER",
    "caf": b"caff\x00\x01\x00\x00desc",
    "wma": bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + bytes(16),
}

OTHERS = {
    "nothing": b"",
    "one byte": b"\xff",
    "text": b"Hello, this is a text about RIFF and fLaC.\n" * 20,
    "UTF-16 text": "\ufeffhello, this is a text".encode("utf-16-le") * 20,
    "PNG": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8,
    "JPEG": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"\xff\xdb\x00\x43" * 300,
    "ZIP": b"PK\x03\x04" + bytes(range(256)) * 8,
    "HTML": b"<!doctype html><title>x</title>",
    "PDF": b"%PDF-1.7\n",
    "ffconcat": b"ffconcat version 1.0\nfile victim.wav\n",
    "HLS": b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nvictim.wav\n",
    "SDP": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nm=audio 5004 RTP/AVP 0\n",
    "AVI": b"RIFF\x24\x00\x00\x00AVI LIST",
    "WebP": b"RIFF\x24\x00\x00\x00WEBPVP8 ",
    "HEIC picture": ftyp(b"heic"),
    "AVIF picture": ftyp(b"avif"),
    "other EBML": b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84else",
    "EBML cut short": b"\x1a\x45\xdf\xa3\x9f\x42\x82",
    "one frame header alone": MP3_FRAME,
    "two frames that disagree": MP3_FRAME + MP3_LOW_FRAME,
    "tag with nothing behind it": id3(300),
    "text behind a tag": id3(100) + b"ffconcat version 1.0\nfile victim.wav\n",
    "broken tag": b"ID3\x04\x00\x00\xff\xff\xff\xff" + bytes(5000),
}


def named(name: str) -> str:
    """The kind that a head's name begins with."""
    return name.replace(",", " ").split(" ", maxsplit=1)[0]


@pytest.mark.parametrize("name", HEADS)
def test_a_head_tells_its_kind(name: str) -> None:
    kind = sniff(HEADS[name])
    assert kind is not None
    assert kind.name == named(name)


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_recording_has_no_kind(name: str) -> None:
    assert sniff(OTHERS[name][:HEAD_BYTES]) is None


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("demo.wav", "wav"),
        ("demo.flac", "flac"),
        ("demo.mp3", "mp3"),
        ("demo.m4a", "m4a"),
        ("demo.ogg", "opus"),
        ("demo.webm", "webm"),
    ],
)
def test_real_files_tell_their_kind(file: str, name: str) -> None:
    kind = sniff((SAMPLES / file).read_bytes()[:HEAD_BYTES])
    assert kind is not None
    assert kind.name == name


def test_every_kind_of_the_documentation_has_a_head_here() -> None:
    assert {named(name) for name in HEADS} == {kind.name for kind in KINDS}


def test_no_kind_may_be_opened_by_a_demuxer_that_reaches_further() -> None:
    named = {demuxer for kind in KINDS for demuxer in kind.demuxers}
    assert named == {"wav", "flac", "mp3", "aac", "mov", "ogg", "matroska", "amr", "aiff", "caf", "asf"}


def test_the_length_of_a_tag_counts_seven_bits_of_each_byte() -> None:
    # 0x01 0x00 in the last two bytes is 128, ten more for the header.
    assert tag_bytes(b"ID3\x04\x00\x00\x00\x00\x01\x00") == 138
    assert tag_bytes(b"RIFF") == 0
