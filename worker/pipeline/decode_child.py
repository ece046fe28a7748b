"""The decoder's own process: one hostile file in, 16 kHz mono samples out, one line of JSON on standard output.

Run as a script by ``decode.py`` under ``python -I``, from a folder that holds nothing but the media. It imports nothing
of Stenopool, so that it starts in a quarter of a second, and binds itself before it opens the media: it dies with its parent,
may take so much memory, processor time and disk and no more, and lets FFmpeg open plain files of the named containers
alone. Without that a 37-byte ``ffconcat`` text opens another file, an SDP text a socket, and 138 KB of FLAC unpack to
2.3 GB (docs/explanation/security.md).
"""

import contextlib
import ctypes
import json
import os
import resource
import signal
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO, Final

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.filter.graph import Graph

SAMPLE_RATE: Final = 16_000
MAX_STREAMS: Final = 64
MAX_CHANNELS: Final = 32
SAMPLE_RATES: Final = range(4_000, 384_001)
"""Hz. Below is no speech, above no microphone; a forged rate would multiply the samples."""

_HOSTILE_ERRORS: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What PyAV raises, beside FFmpeg's own errors, where a file claims what it did not expect."""

_WRITE_BUFFER_BYTES: Final = 1 << 20
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NO_NEW_PRIVS: Final = 38


class RefusedError(Exception):
    """The file's own fault. ``code`` is one of ``stenopool.errors.ErrorCode``."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Order:
    """What the parent asks. ``source`` is a name in the working directory."""

    source: str
    target: str
    demuxers: list[str]
    codecs: list[str]
    max_samples: int
    cpu_s: int
    memory_bytes: int
    parent_pid: int


@dataclass
class Facts:
    """What was found, as it goes to the parent."""

    codec: str
    sample_rate: int
    channels: int
    declared_s: float | None
    """Length that FFmpeg read or guessed from the container."""
    n_samples: int = 0
    broken_packets: int = 0
    ended_by_error: bool = False


def main() -> None:
    """Does the order given as JSON in the first argument."""
    order = Order(**json.loads(sys.argv[1]))
    _die_with_parent(order.parent_pid)
    _limit_resources(order)
    sys.stdout.write(json.dumps(_answer(order)) + "\n")


def _answer(order: Order) -> dict[str, object]:
    try:
        with Path(order.target).open("wb", buffering=_WRITE_BUFFER_BYTES) as target:
            return {"facts": asdict(_decode(order, target))}
    except RefusedError as refusal:
        return {"refused": refusal.code, "message": refusal.message}
    except MemoryError:
        return {"refused": "out_of_memory", "message": "decoding the file needs more memory than is allowed"}
    except OSError as error:
        return {"os_error": error.errno or 0}
    except _HOSTILE_ERRORS as error:
        # One file was read and nothing else: it would fail the same way again, like one that crashes FFmpeg.
        return {"refused": "undecodable_media", "message": f"decoding the file crashed the decoder: {error!r:.200}"}


def _decode(order: Order, target: BinaryIO) -> Facts:
    with _open(order) as container:
        stream = _first_audio(container, order.codecs)
        facts = _facts_of(container, stream)
        for frame in _resampled(_frames(container, stream, facts)):
            facts.n_samples += frame.samples
            if facts.n_samples > order.max_samples:
                raise RefusedError(
                    "audio_too_long", f"the recording is longer than {order.max_samples // SAMPLE_RATE} s"
                )
            target.write(memoryview(frame.planes[0])[: 2 * frame.samples])
    if not facts.n_samples:
        if facts.broken_packets or facts.ended_by_error or facts.declared_s:
            raise RefusedError("undecodable_media", "not one sample of the recording could be decoded")
        raise RefusedError("no_audio", "the recording holds no sound at all")
    return facts


def _open(order: Order) -> InputContainer:
    options = {
        "protocol_whitelist": "file",
        "format_whitelist": ",".join(order.demuxers),
        "codec_whitelist": ",".join(order.codecs),
    }
    try:
        # The prefix keeps FFmpeg from reading a protocol into the name.
        return av.open(f"file:{order.source}", mode="r", options=options, metadata_errors="replace")
    except MemoryError:
        raise
    except av.FFmpegError as error:
        raise RefusedError("undecodable_media", "the file is broken, cut short or not what it claims to be") from error


def _first_audio(container: InputContainer, codecs: list[str]) -> AudioStream:
    if len(container.streams) > MAX_STREAMS:
        raise RefusedError("undecodable_media", f"the file holds more than {MAX_STREAMS} streams")
    if not container.streams.audio:
        raise RefusedError("no_audio", "the file holds no audio stream")
    stream = container.streams.audio[0]
    # PyAV's types do not know it: there is none where FFmpeg has no decoder for what the file names.
    context: AudioCodecContext | None = stream.codec_context
    if context is None:
        raise RefusedError("undecodable_media", "the audio is coded in a way that nothing here can decode")
    if context.codec.name not in codecs:
        raise RefusedError("undecodable_media", f"audio coded as {context.codec.name} is not taken")
    # One thread: frames in order, little memory, and the machine belongs to the engines.
    stream.codec_context.thread_count = 1
    return stream


def _facts_of(container: InputContainer, stream: AudioStream) -> Facts:
    context = stream.codec_context
    declared_s = None
    if stream.duration is not None and stream.time_base is not None:
        declared_s = float(stream.duration * stream.time_base)
    elif container.duration is not None:
        declared_s = container.duration / av.time_base
    return Facts(context.codec.canonical_name, context.sample_rate, context.channels, declared_s)


def _frames(container: InputContainer, stream: AudioStream, facts: Facts) -> Iterator[AudioFrame]:
    """All frames that can be had: a broken packet is left out and counted, a broken container ends the recording."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except MemoryError:
            raise
        except av.FFmpegError:
            facts.ended_by_error = True
            return
        try:
            frames = packet.decode()
        except MemoryError:
            raise
        except av.FFmpegError:
            facts.broken_packets += 1
            continue
        for frame in frames:
            if frame.samples:
                yield frame


def _resampled(frames: Iterator[AudioFrame]) -> Iterator[AudioFrame]:
    """Frames as 16 kHz mono s16; rate and layout may change within a stream (chained Ogg, HE-AAC)."""
    converter = None
    try:
        for frame in frames:
            _check_shape(frame)
            if converter is None or converter.shape != _shape(frame):
                if converter is not None:
                    yield from converter.convert(None)
                converter = Converter(frame)
            # Times of packets are not looked at: a forged one would make the resampler fill the gap.
            frame.pts = None
            yield from converter.convert(frame)
        if converter is not None:
            yield from converter.convert(None)
    except MemoryError:
        raise
    except (av.FFmpegError, ValueError) as error:
        raise RefusedError("undecodable_media", "the audio's format cannot be converted") from error


class Converter:
    """From frames of one shape to 16 kHz mono s16."""

    def __init__(self, first: AudioFrame) -> None:
        self.shape = _shape(first)
        self._resampler = AudioResampler("s16", "mono", SAMPLE_RATE)
        # Without a layout FFmpeg guesses one from the number of channels, and a guessed bass channel is left out of
        # the mix: of three microphones the third would be silent. So their mean is taken instead.
        is_unnamed = first.layout.name.endswith(" channels")
        self._mean = _mean_of_channels(first) if is_unnamed else None

    def convert(self, frame: AudioFrame | None) -> Iterator[AudioFrame]:
        """What comes out for one frame; None flushes."""
        if frame is None or self._mean is None:
            yield from self._resampler.resample(frame)
            return
        self._mean.push(frame)
        with contextlib.suppress(av.BlockingIOError):
            while True:
                mono = self._mean.pull()
                if isinstance(mono, AudioFrame):
                    mono.pts = None
                    yield from self._resampler.resample(mono)


def _shape(frame: AudioFrame) -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate


def _mean_of_channels(frame: AudioFrame) -> Graph:
    count = frame.layout.nb_channels
    sample_format, layout, rate = _shape(frame)
    graph = Graph()
    source = graph.add("abuffer", sample_rate=str(rate), sample_fmt=sample_format, channel_layout=layout)
    mean = graph.add("pan", "mono|c0=" + "+".join(f"{1 / count:.6f}*c{number}" for number in range(count)))
    graph.link_nodes(source, mean, graph.add("abuffersink")).configure()
    return graph


def _check_shape(frame: AudioFrame) -> None:
    if frame.sample_rate not in SAMPLE_RATES:
        raise RefusedError("undecodable_media", f"a sample rate of {frame.sample_rate} Hz is not taken")
    if frame.layout.nb_channels > MAX_CHANNELS:
        raise RefusedError("undecodable_media", f"{frame.layout.nb_channels} channels are not taken")


def _die_with_parent(parent_pid: int) -> None:
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    # The parent may have died before the first of the two took effect.
    if os.getppid() != parent_pid:
        sys.exit(1)


def _limit_resources(order: Order) -> None:
    # The counter speaks first; this stands for the case that it is wrong.
    file_bytes = 2 * order.max_samples + 4 * _WRITE_BUFFER_BYTES
    _lower(resource.RLIMIT_CORE, 0, 0)
    # At the soft limit comes SIGXCPU, which the parent can tell from other kills.
    _lower(resource.RLIMIT_CPU, order.cpu_s, order.cpu_s + 5)
    _lower(resource.RLIMIT_FSIZE, file_bytes, file_bytes)
    _lower(resource.RLIMIT_AS, order.memory_bytes, order.memory_bytes)


def _lower(what: int, soft: int, hard: int) -> None:
    allowed = resource.getrlimit(what)[1]
    if allowed != resource.RLIM_INFINITY:
        soft, hard = min(soft, allowed), min(hard, allowed)
    try:
        resource.setrlimit(what, (soft, hard))
    except (ValueError, OSError):
        # macOS knows RLIMIT_AS in name only; on Linux a decoder without bounds must not run.
        if sys.platform == "linux":
            raise


if __name__ == "__main__":
    main()
