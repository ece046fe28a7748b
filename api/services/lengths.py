"""How long a recording is likely to be, told from its size and kind alone, before anything is decoded. Pure.

An estimate errs to the short side: it divides by the rate at the upper end of what such files have. Nobody is refused
for an estimate then who would not be for the measure, but for the odd file of an even higher rate. Who has more than
the estimate said is told by the measure, at the cost of decoding it once. A file's own header is not asked: whoever
sends it may have written anything there.
"""

from collections.abc import Mapping
from typing import Final

from stenopool.media import kinds
from stenopool.media.kinds import Kind

_CD: Final = 176_400
"""Bytes per second of 16-bit stereo at 44.1 kHz (IEC 60908), the most that usual recorders write uncompressed."""

_BYTES_PER_SECOND: Final[Mapping[str, int]] = {
    kinds.WAV.name: _CD,
    kinds.AIFF.name: _CD,
    # Half to two thirds of what it was made from (xiph.org/flac/comparison.html).
    kinds.FLAC.name: _CD * 2 // 3,
    # Lossless inside as often as not (Apple Lossless; the container of Logic and of voice memos).
    kinds.CAF.name: _CD * 2 // 3,
    # 320 kbit/s, the highest rate of MPEG-1 layer III (ISO/IEC 11172-3, 2.4.2.3).
    kinds.MP3.name: 40_000,
    # 256 kbit/s, the rate at which AAC is sold (iTunes Plus).
    kinds.AAC.name: 32_000,
    kinds.M4A.name: 32_000,
    # 192 kbit/s, where Windows Media Audio 9 ends for most encoders.
    kinds.WMA.name: 24_000,
    # 160 kbit/s: Vorbis at quality 5, the default of oggenc; more than Opus wants for stereo music (RFC 7587, 3.1.1).
    kinds.OGG.name: 20_000,
    # 128 kbit/s, the upper end of what RFC 7587, 3.1.1, recommends for full-band stereo.
    kinds.OPUS.name: 16_000,
    # 12.2 kbit/s is the highest mode of AMR (3GPP TS 26.071), 23.85 of AMR-WB (TS 26.171).
    kinds.AMR.name: 2_981,
    # Video at 1080p: 8 Mbit/s, what YouTube asks of uploads at 30 frames a second.
    kinds.MP4.name: 1_000_000,
    kinds.MOV.name: 1_000_000,
    kinds.MKV.name: 1_000_000,
    # Recorded by browsers: 2.5 Mbit/s of video (MediaRecorder's default in Chromium and Firefox).
    kinds.WEBM.name: 312_500,
    # Telephones of the nineties to tens: 384 kbit/s of H.263 and AMR (3GPP TS 26.234, level 10 and a little).
    kinds.THREE_GP.name: 48_000,
}


def estimated_s(kind: Kind, size_bytes: int, most_s: float) -> float:
    """Seconds of audio that a file of this kind and size likely holds, in milliseconds' steps; ``most_s`` at most.

    A longer one is not transcribed anyway (``MAX_AUDIO_HOURS``).
    """
    return round(min(size_bytes / _BYTES_PER_SECOND[kind.name], most_s), 3)
