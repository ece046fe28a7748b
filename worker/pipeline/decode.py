"""Decodes media to 16 kHz mono samples, in a process of its own that may do little else.

The parent never opens the media with FFmpeg: it tells the kind by the first bytes, gives the child a folder with that
one file and a few limits, waits, and reads one line. Uploads are hostile (design, section 6).
"""

import errno
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from stenopool.errors import ErrorCode, FatalError, StenopoolError, TransientError, UsageError
from stenopool.media.kinds import HEAD_BYTES, Kind, sniff, tag_bytes
from stenopool.settings import child_environment
from worker.engines.base import SAMPLE_RATE
from worker.pipeline.completeness import Decoded, warnings_of
from worker.pipeline.decode_process import DecodeStopped, Ended, OverTimeError, run_bound

__all__ = ["AUDIO_CODECS", "DecodeLimits", "DecodeStopped", "DecodedMedia", "decode_media"]

_CHILD: Final = Path(__file__).with_name("decode_child.py")
_MEDIA_NAME: Final = "media"
AUDIO_CODECS: Final = frozenset(
    "aac aac_latm ac3 adpcm_g722 adpcm_g726 adpcm_g726le adpcm_ima_qt adpcm_ima_wav adpcm_ms adpcm_swf adpcm_yamaha "
    "alac amrnb amrwb dca eac3 flac g723_1 gsm gsm_ms ilbc libgsm libgsm_ms libilbc libopencore_amrnb "
    "libopencore_amrwb libopus libspeex libvorbis mlp mp1 mp1float mp2 mp2float mp3 mp3float opus pcm_alaw pcm_f32be "
    "pcm_f32le pcm_f64be pcm_f64le pcm_mulaw pcm_s16be pcm_s16le pcm_s24be pcm_s24le pcm_s32be pcm_s32le pcm_s8 "
    "pcm_u8 qdm2 speex truehd tta vorbis wavpack wmalossless wmapro wmav1 wmav2 wmavoice".split()
)
"""Decoders that recordings of speech need. No video decoder ever runs, not even while FFmpeg looks at the streams."""
_CRASHES: Final = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGTRAP)
_NEEDED_VARIABLES: Final = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
"""Some Pythons find their own library by these. Nothing else is handed on, least of all a password."""


@dataclass(frozen=True, slots=True)
class DecodeLimits:
    """What one decoding may cost. Four hours of MP3 take about 20 s of processor time and 60 MB of memory."""

    max_audio_s: float
    """Longest recording, seconds of decoded audio."""
    wall_s: float = 900.0
    """Seconds by the wall clock, start of the child included."""
    cpu_s: int = 600
    """Seconds of processor time."""
    memory_bytes: int = 1 << 30
    """Address space of the child, of which Python and FFmpeg take 0.3 GB before anything is opened."""


@dataclass(frozen=True, slots=True)
class DecodedMedia:
    """What was found in the media. The samples are in the target file: s16le, 16 kHz, mono."""

    container: str
    """Kind of the media, as ``stenopool.media.kinds`` names it."""
    codec: str
    sample_rate: int
    """Samples per second before resampling."""
    channels: int
    n_samples: int
    warnings: tuple[str, ...] = ()

    @property
    def duration_s(self) -> float:
        """Decoded length in seconds."""
        return self.n_samples / SAMPLE_RATE


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)

    codec: str
    sample_rate: int
    channels: int
    declared_s: float | None
    n_samples: int
    broken_packets: int
    ended_by_error: bool


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)

    facts: _Facts | None = None
    refused: str | None = None
    message: str = ""
    os_error: int | None = None


def decode_media(
    source: Path, target: Path, limits: DecodeLimits, should_stop: Callable[[], bool] | None = None
) -> DecodedMedia:
    """Decodes the first audio stream of ``source`` into the file ``target``; after an error there is no target.

    A recording that breaks off gives what could be decoded, with a warning. ``should_stop`` is asked ten times a
    second. For a while a hard link to ``source`` lies beside ``target`` (a copy where the file system differs).

    Raises:
        UsageError: ``undecodable_media``, ``no_audio``, ``audio_too_long``, ``decode_timeout``, ``out_of_memory``:
            the recording's fault. ``input_missing``: there is no such file.
        TransientError: ``disk_full``, ``store_unavailable``: the target could not be written.
        FatalError: ``out_of_memory``, ``worker_lost``: the child was ended from outside. ``internal_error``.
        DecodeStopped: ``should_stop`` said so.
    """
    try:
        head, first_bytes = _read_beginning(source)
        kind = _kind_of(head)
        facts = _decode_apart(source, target, kind, limits, should_stop or _never)
        decoded_s = facts.n_samples / SAMPLE_RATE
        warnings = warnings_of(
            Decoded(
                kind=kind.name,
                file_bytes=source.stat().st_size,
                head=first_bytes,
                declared_s=facts.declared_s,
                decoded_s=decoded_s,
                broken_packets=facts.broken_packets,
                ended_by_error=facts.ended_by_error,
            )
        )
    except OSError as error:
        target.unlink(missing_ok=True)
        raise _disk_error(error.errno or 0) from error
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return DecodedMedia(kind.name, facts.codec, facts.sample_rate, facts.channels, facts.n_samples, warnings)


def _read_beginning(source: Path) -> tuple[bytes, bytes]:
    """The first bytes of the file, and those behind its ID3 tag (the same where it has none)."""
    try:
        with source.open("rb") as file:
            head = file.read(HEAD_BYTES)
            skip = tag_bytes(head)
            if not skip:
                return head, head
            file.seek(skip)
            return head, file.read(HEAD_BYTES)
    except FileNotFoundError as error:
        raise UsageError(ErrorCode.INPUT_MISSING, "the recording is no longer in the store") from error


def _kind_of(head: bytes) -> Kind:
    kind = sniff(head)
    if kind is None:
        raise UsageError(ErrorCode.UNDECODABLE_MEDIA, "the file is not a recording of a known kind")
    return kind


def _decode_apart(
    source: Path, target: Path, kind: Kind, limits: DecodeLimits, should_stop: Callable[[], bool]
) -> _Facts:
    order = {
        "source": _MEDIA_NAME,
        "target": str(target.absolute()),
        "demuxers": kind.demuxers,
        "codecs": sorted(AUDIO_CODECS),
        "max_samples": int(limits.max_audio_s * SAMPLE_RATE),
        "cpu_s": limits.cpu_s,
        "memory_bytes": limits.memory_bytes,
        "parent_pid": os.getpid(),
    }
    # -I: neither the working folder nor a variable can bring in a module.
    command = [sys.executable, "-I", "-B", str(_CHILD.absolute()), json.dumps(order)]
    with _private_folder(source, target) as folder:
        try:
            ended = run_bound(command, folder, _environment(), limits.wall_s, should_stop)
        except OverTimeError as error:
            raise _too_slow() from error
    return _facts_in(ended, target)


@contextmanager
def _private_folder(source: Path, target: Path) -> Iterator[Path]:
    """A folder that holds the media and nothing else, so that whatever a demuxer opens beside it is not there."""
    with tempfile.TemporaryDirectory(prefix="decode-", dir=target.absolute().parent) as name:
        media = Path(name) / _MEDIA_NAME
        try:
            os.link(source, media)
        except FileNotFoundError as error:
            raise UsageError(ErrorCode.INPUT_MISSING, "the recording is no longer in the store") from error
        except OSError:
            # Another file system, or one without hard links.
            shutil.copyfile(source, media)
        yield Path(name)


def _environment() -> dict[str, str]:
    inherited = child_environment({})
    return {"LANG": "C.UTF-8"} | {name: inherited[name] for name in _NEEDED_VARIABLES if name in inherited}


def _facts_in(ended: Ended, target: Path) -> _Facts:
    if ended.returncode < 0:
        raise _killed(-ended.returncode)
    try:
        answer = _Answer.model_validate_json(ended.answer)
    except ValidationError as error:
        raise FatalError(
            ErrorCode.INTERNAL_ERROR, f"the decoder ended with status {ended.returncode} and said nothing"
        ) from error
    if answer.refused is not None:
        raise UsageError(ErrorCode(answer.refused), answer.message)
    if answer.os_error is not None:
        raise _disk_error(answer.os_error)
    facts = answer.facts
    if facts is None or target.stat().st_size != 2 * facts.n_samples:
        raise FatalError(ErrorCode.INTERNAL_ERROR, "the decoder's samples are not what it says")
    return facts


def _killed(number: int) -> StenopoolError:
    """A crash is the file's doing and would come again; a kill came from outside and says nothing of the file."""
    if number == signal.SIGXCPU:
        return _too_slow()
    if number in _CRASHES:
        return UsageError(ErrorCode.UNDECODABLE_MEDIA, "decoding the file crashed the decoder")
    if number == signal.SIGKILL:
        return FatalError(ErrorCode.OUT_OF_MEMORY, "the decoder was killed, by the system for want of memory perhaps")
    return FatalError(ErrorCode.WORKER_LOST, f"the decoder was ended by signal {number}")


def _too_slow() -> UsageError:
    return UsageError(ErrorCode.DECODE_TIMEOUT, "decoding the file takes longer than is allowed")


def _disk_error(number: int) -> TransientError:
    if number in (errno.ENOSPC, errno.EDQUOT):
        return TransientError(ErrorCode.DISK_FULL, "the disk is full", retry_after_s=60)
    return TransientError(ErrorCode.STORE_UNAVAILABLE, f"decoding could not use the disk: {os.strerror(number)}")


def _never() -> bool:
    return False
