"""Whether a decoded recording is all that its file promised; what is missing becomes a warning. Pure.

FFmpeg decodes what it can and says little. A promise counts only where a container makes one: for the others its
"duration" is a guess from the bit rate.
"""

from dataclasses import dataclass
from typing import Final

RELIABLE: Final = frozenset({"flac", "m4a", "mp4", "mov", "3gp", "webm", "mkv", "aiff", "wma"})
"""Kinds whose header tells the length. Ogg and Opus are measured from the file's end, WAV and CAF from its size."""

_TOLERANCE_S: Final = 0.5
_TOLERANCE_SHARE: Final = 0.02
"""Encoder padding, and containers with a video stream that ends later, are not a loss."""

_UNKNOWN_RIFF_SIZES: Final = range(0x7FFF_FF00, 0x1_0000_0000)
"""What programs write that do not know the length yet."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """What was decoded, beside what was promised. ``head`` is the file's beginning, behind an ID3 tag if it has one."""

    kind: str
    file_bytes: int
    head: bytes
    declared_s: float | None
    decoded_s: float
    broken_packets: int
    ended_by_error: bool


def warnings_of(decoded: Decoded) -> tuple[str, ...]:
    """Warnings for the transcript, each beginning with a stable word."""
    warnings = []
    missing_s = (decoded.declared_s or 0.0) - decoded.decoded_s
    is_short = _declares_length(decoded) and missing_s > max(
        _TOLERANCE_S, _TOLERANCE_SHARE * (decoded.declared_s or 0.0)
    )
    if is_short:
        warnings.append(
            f"media_truncated: the file ends early, {decoded.decoded_s:.1f} s "
            f"of {decoded.declared_s or 0.0:.1f} s could be decoded"
        )
    elif decoded.ended_by_error or _is_cut_wav(decoded):
        warnings.append(f"media_truncated: the file ends early, after {decoded.decoded_s:.1f} s")
    if decoded.broken_packets:
        warnings.append(f"media_damaged: {decoded.broken_packets} packets could not be decoded and are left out")
    return tuple(warnings)


def _declares_length(decoded: Decoded) -> bool:
    if decoded.kind == "mp3":
        # The first frame of an encoder that knows the length is a table of contents under one of these names.
        return any(name in decoded.head for name in (b"Xing", b"Info", b"VBRI"))
    return decoded.kind in RELIABLE


def _is_cut_wav(decoded: Decoded) -> bool:
    if decoded.kind != "wav" or decoded.head[:4] != b"RIFF":
        return False
    promised = int.from_bytes(decoded.head[4:8], "little")
    return promised not in _UNKNOWN_RIFF_SIZES and promised + 8 > decoded.file_bytes + 4096
