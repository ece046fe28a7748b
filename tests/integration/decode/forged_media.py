"""Headers that lie: fields of made recordings set to what no recorder writes."""

import struct
from pathlib import Path

from tests.integration.decode.made_media import Form, form_of, tone, write_tone, write_wav


def forge_wav(folder: Path, at: int, field: bytes) -> Path:
    """Two seconds of a tone whose header holds ``field`` at the given byte."""
    return patch(write_wav(folder / "forged.wav", [tone(16_000)]), at, field)


def forge_flac(
    folder: Path, *, rate: int = 16_000, channels: int = 1, samples: int = 32_000, block: int = 4608
) -> Path:
    """Two seconds of mono at 16 kHz whose STREAMINFO claims the rest (RFC 9639, 8.2)."""
    file = write_tone(folder, Form("flac", "flac", "flac"))
    packed = (rate << 44) | ((channels - 1) << 41) | (15 << 36) | samples
    patch(file, 8, struct.pack(">HH", block, block))
    return patch(file, 18, packed.to_bytes(8, "big"))


def forge_mp4(folder: Path, table: bytes, field: bytes) -> Path:
    """Two seconds of AAC; ``field`` stands right behind the version and flags of the box ``table``."""
    file = write_tone(folder, form_of("m4a"))
    return patch(file, file.read_bytes().index(table) + 8, field)


def forge_mp4_tracks(folder: Path, count: int) -> Path:
    """Two seconds of AAC on so many tracks, all of which share the one recording."""
    file = write_tone(folder, form_of("m4a"))
    body = bytearray(file.read_bytes())
    track, film = body.index(b"trak") - 4, body.index(b"moov") - 4
    size = int.from_bytes(body[track : track + 4], "big")
    longer = int.from_bytes(body[film : film + 4], "big") + size * (count - 1)
    body[track:track] = body[track : track + size] * (count - 1)
    body[film : film + 4] = longer.to_bytes(4, "big")
    file.write_bytes(body)
    return file


def forge_matroska_rate(folder: Path, rate: float) -> Path:
    """Two seconds of FLAC whose track claims ``rate`` (SamplingFrequency, id B5, an 8-byte float)."""
    file = write_tone(folder, form_of("mkv"))
    at = file.read_bytes().index(b"\xb5\x88" + struct.pack(">d", 16_000))
    return patch(file, at + 2, struct.pack(">d", rate))


def forge_aiff_rate(folder: Path, exponent: int) -> Path:
    """Two seconds whose rate is some 1.5 times two to the power of ``exponent`` (an 80-bit float)."""
    file = write_tone(folder, form_of("aiff"))
    at = file.read_bytes().index(b"COMM") + 16
    return patch(file, at, struct.pack(">H", 0x3FFF + exponent) + b"\xc0" + bytes(7))


def patch(file: Path, at: int, field: bytes) -> Path:
    body = bytearray(file.read_bytes())
    body[at : at + len(field)] = field
    file.write_bytes(body)
    return file


def write_borrowing_mov(file: Path, victim: str) -> Path:
    """A QuickTime film whose sound lies in another file, named by an alias record in its ``dref``.

    QuickTime reads such films; FFmpeg does when it is told to (``enable_drefs``).
    """
    body = write_tone(file.parent, form_of("mov")).read_bytes()
    at = body.index(b"dref") - 4
    size = int.from_bytes(body[at : at + 4], "big")
    name = victim.encode()
    alias = bytes(10) + bytes(28) + bytes(12) + bytes([len(name)]) + name.ljust(63, b"\0") + bytes(16)
    # One level up from the alias, one down to the target; then the path (type 2), then the end (type -1).
    alias += struct.pack(">HH", 1, 1) + bytes(16) + struct.pack(">HH", 2, len(name) + len(name) % 2)
    alias += name + bytes(len(name) % 2) + struct.pack(">HH", 0xFFFF, 0)
    entry = struct.pack(">I", 12 + len(alias)) + b"alis" + bytes(4) + alias
    dref = struct.pack(">I", 16 + len(entry)) + b"dref" + bytes(4) + struct.pack(">I", 1) + entry
    grown = bytearray(body[:at] + dref + body[at + size :])
    for box in (b"moov", b"trak", b"mdia", b"minf", b"dinf"):
        start = grown.index(box) - 4
        longer = int.from_bytes(grown[start : start + 4], "big") + len(dref) - size
        grown[start : start + 4] = longer.to_bytes(4, "big")
    # What lies in the film itself is silence.
    media = grown.index(b"mdat")
    length = int.from_bytes(grown[media - 4 : media], "big") - 8
    grown[media + 4 : media + 4 + length] = bytes(length)
    file.write_bytes(grown)
    return file
