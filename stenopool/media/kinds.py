"""Kinds of media, told from their first bytes, never from a name or a header of the request. Pure.

A kind says what the file claims to be; only decoding shows whether it is. It also names the FFmpeg demuxers that may
open such a file, so that the decoder never tries one that can reach another file or the network (``concat``, ``hls``,
``sdp``: docs/explanation/security.md).
"""

from dataclasses import dataclass
from typing import Final

HEAD_BYTES: Final = 4096
"""How much of a file's beginning ``sniff`` wants to see."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of media. ``demuxers`` are FFmpeg's names, for ``format_whitelist``."""

    name: str
    media_type: str
    demuxers: tuple[str, ...]


WAV: Final = Kind("wav", "audio/wav", ("wav",))
FLAC: Final = Kind("flac", "audio/flac", ("flac",))
MP3: Final = Kind("mp3", "audio/mpeg", ("mp3",))
TAGGED: Final = Kind("mp3", "audio/mpeg", ("mp3", "aac", "flac"))
"""Begins with an ID3 tag (cover art, often) longer than what was seen; nearly always MP3."""
AAC: Final = Kind("aac", "audio/aac", ("aac",))
M4A: Final = Kind("m4a", "audio/mp4", ("mov",))
MP4: Final = Kind("mp4", "video/mp4", ("mov",))
MOV: Final = Kind("mov", "video/quicktime", ("mov",))
THREE_GP: Final = Kind("3gp", "video/3gpp", ("mov",))
OGG: Final = Kind("ogg", "audio/ogg", ("ogg",))
OPUS: Final = Kind("opus", "audio/ogg", ("ogg",))
WEBM: Final = Kind("webm", "video/webm", ("matroska",))
MKV: Final = Kind("mkv", "video/x-matroska", ("matroska",))
AMR: Final = Kind("amr", "audio/amr", ("amr",))
AIFF: Final = Kind("aiff", "audio/aiff", ("aiff",))
CAF: Final = Kind("caf", "audio/x-caf", ("caf",))
WMA: Final = Kind("wma", "audio/x-ms-wma", ("asf",))

KINDS: Final = (WAV, FLAC, MP3, M4A, MP4, MOV, THREE_GP, OGG, OPUS, WEBM, MKV, AAC, AMR, AIFF, CAF, WMA)
"""Every kind that is taken, in the order the documentation lists them."""

_ASF_HEADER: Final = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")

_STILL_BRANDS: Final = (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif", b"avis", b"jp2 ", b"jpx ", b"crx ")
"""ISO base media brands of pictures."""

_OLD_MOV_ATOMS: Final = (b"moov", b"mdat", b"wide", b"pnot")
"""First atoms of QuickTime files older than ``ftyp``."""

_SYNC_SEARCH_BYTES: Final = 2048
"""MPEG audio may begin with padding; a frame must begin within this many bytes, and the next one be in sight."""

# Bit rates in kbit/s by index 1..14 (ISO/IEC 11172-3 table 2.4.2.3, 13818-3), 0 and 15 being free and forbidden.
_MPEG1_KBPS: Final = {
    1: (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    2: (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    3: (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
}
_MPEG2_KBPS: Final = {
    1: (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    2: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    3: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_MPEG1_HZ: Final = (44_100, 48_000, 32_000)


def sniff(head: bytes) -> Kind | None:
    """The kind of a file that begins with ``head`` (its first ``HEAD_BYTES``, or all of it when shorter).

    None for everything else: text, pictures, archives, play lists, and what is too short to tell.
    """
    skip = tag_bytes(head)
    if skip:
        return _behind_tag(head, skip)
    return _by_magic(head) or _iso_media(head) or _matroska(head) or _mpeg_audio(head)


def _by_magic(head: bytes) -> Kind | None:
    if head[:4] in (b"RIFF", b"RF64", b"BW64") and head[8:12] == b"WAVE":
        return WAV
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return AIFF
    if head[:4] == b"OggS":
        return OPUS if b"OpusHead" in head[:64] else OGG
    for magic, kind in (
        (b"fLaC", FLAC),
        (b"caff\x00\x01", CAF),
        (b"#!AMR\n", AMR),
        (b"#!AMR-WB\n", AMR),
        (_ASF_HEADER, WMA),
    ):
        if head.startswith(magic):
            return kind
    return None


def _iso_media(head: bytes) -> Kind | None:
    atom, brand = head[4:8], head[8:12]
    if atom in _OLD_MOV_ATOMS:
        return MOV
    if atom != b"ftyp" or brand in _STILL_BRANDS:
        return None
    if brand in (b"M4A ", b"M4B ", b"M4P ", b"F4A ", b"F4B "):
        return M4A
    if brand == b"qt  ":
        return MOV
    return THREE_GP if brand[:2] == b"3g" else MP4


def _matroska(head: bytes) -> Kind | None:
    if head[:4] != b"\x1a\x45\xdf\xa3":
        return None
    # DocType (EBML id 42 82) stands within the first header, behind a one-byte length.
    at = head.find(b"\x42\x82", 4, 128)
    if at < 0:
        return None
    length = head[at + 2] & 0x7F if at + 2 < len(head) else 0
    name = head[at + 3 : at + 3 + length].rstrip(b"\0")
    return {b"webm": WEBM, b"matroska": MKV}.get(name)


def tag_bytes(head: bytes) -> int:
    """Length of the ID3v2 tag that ``head`` begins with, its own header included; 0 where there is none.

    Four bytes of seven bits each tell it (id3.org, id3v2.4.0 section 3.1).
    """
    if head[:3] != b"ID3" or len(head) < 10 or 0xFF in head[3:5] or any(byte & 0x80 for byte in head[6:10]):
        return 0
    return 10 + ((head[6] << 21) | (head[7] << 14) | (head[8] << 7) | head[9])


def _behind_tag(head: bytes, skip: int) -> Kind | None:
    rest = head[skip:]
    if rest[:4] == b"fLaC":
        return FLAC
    is_whole_file = len(head) < HEAD_BYTES
    return _mpeg_audio(rest) or (None if is_whole_file else TAGGED)


def _mpeg_audio(head: bytes) -> Kind | None:
    """MP3 (also layers I and II) or ADTS AAC: both begin with eleven set bits and differ in the layer.

    One header is too weak a sign, UTF-16 text looks like one: a like one must stand where the first says.
    """
    at = head.find(b"\xff")
    while 0 <= at < _SYNC_SEARCH_BYTES:
        for kind, length_of in ((MP3, _mpeg_frame_bytes), (AAC, _adts_frame_bytes)):
            length = length_of(head[at : at + 6])
            if length is None:
                continue
            following = head[at + length : at + length + 6]
            if length_of(following) is not None and _is_like(head[at : at + 3], following[:3]):
                return kind
        at = head.find(b"\xff", at + 1)
    return None


def _is_like(header: bytes, following: bytes) -> bool:
    """Whether two headers agree in version, layer and sample rate, which never change within a stream."""
    return header[1] & 0xFE == following[1] & 0xFE and header[2] & 0x0C == following[2] & 0x0C


def _mpeg_frame_bytes(header: bytes) -> int | None:
    """Length of the MPEG audio frame that begins with ``header``; None when none does."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return None
    version, layer = (header[1] >> 3) & 3, 4 - ((header[1] >> 1) & 3)
    rate_index, hz_index = header[2] >> 4, (header[2] >> 2) & 3
    if version == 1 or layer == 4 or rate_index in (0, 15) or hz_index == 3:
        return None
    is_mpeg1 = version == 3
    bps = 1000 * (_MPEG1_KBPS if is_mpeg1 else _MPEG2_KBPS)[layer][rate_index - 1]
    hz = _MPEG1_HZ[hz_index] // {3: 1, 2: 2, 0: 4}[version]
    padding = (header[2] >> 1) & 1
    if layer == 1:
        return (12 * bps // hz + padding) * 4
    samples = 576 if layer == 3 and not is_mpeg1 else 1152
    return samples // 8 * bps // hz + padding


def _adts_frame_bytes(header: bytes) -> int | None:
    """Length of the ADTS frame that begins with ``header`` (ISO/IEC 13818-7 6.2); None when none does."""
    if len(header) < 6 or header[0] != 0xFF or header[1] & 0xF6 != 0xF0 or (header[2] >> 2) & 15 > 12:
        return None
    length = ((header[3] & 3) << 11) | (header[4] << 3) | (header[5] >> 5)
    return length if length > 7 else None
