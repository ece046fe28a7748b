"""Loads Whisper weights from a folder into faster-whisper, and tells which weights they are.

faster-whisper ships no types; what the engine uses of it is written down here as protocols.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, SupportsFloat, cast

from stenopool.errors import ErrorCode, FatalError
from worker.engines.base import Audio

_HUB_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_WEIGHT_FILES: Final = ("config.json", "model.bin", "preprocessor_config.json", "tokenizer.json", "vocabulary.*")
_CHUNK_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class WhisperSetup:
    """Which weights run where."""

    model: str
    """A name faster-whisper knows, a hub repository, a folder, or ``demo``."""
    model_dir: Path
    device: str = "cpu"
    """``cpu``, ``cuda``, ``cuda:N`` or ``auto``."""
    compute_type: str = "int8"
    threads: int = 0
    """CPU threads; 0 leaves it to CTranslate2."""


class SpokenWord(Protocol):
    """A word as faster-whisper gives it; numbers may be numpy scalars."""

    @property
    def start(self) -> SupportsFloat:
        """Seconds."""
        ...

    @property
    def end(self) -> SupportsFloat:
        """Seconds."""
        ...

    @property
    def word(self) -> str:
        """With the space before it, where the language has one."""
        ...

    @property
    def probability(self) -> SupportsFloat:
        """Mean over its tokens."""
        ...


class SpokenSegment(Protocol):
    """A segment as faster-whisper gives it, seconds from the start of what it was given."""

    @property
    def start(self) -> SupportsFloat:
        """Seconds."""
        ...

    @property
    def end(self) -> SupportsFloat:
        """Seconds; may lie behind the end of the audio."""
        ...

    @property
    def text(self) -> str:
        """With spaces around it."""
        ...

    @property
    def avg_logprob(self) -> SupportsFloat:
        """Mean log-probability of the window's tokens."""
        ...

    @property
    def words(self) -> Sequence[SpokenWord] | None:
        """None unless they were asked for."""
        ...


class LoadedWeights(Protocol):
    """CTranslate2's model."""

    compute_type: str
    is_multilingual: bool


class Vocabulary(Protocol):
    """The weights' own tokenizer."""

    def token_to_id(self, token: str) -> int | None:
        """Number of a token; None where the weights do not know it."""
        ...


class Whisper(Protocol):
    """``faster_whisper.WhisperModel``, as far as it is used."""

    model: LoadedWeights
    hf_tokenizer: Vocabulary
    supported_languages: list[str]

    def transcribe(self, audio: Audio, **options: object) -> tuple[Iterable[SpokenSegment], object]:
        """Segments as they are recognised, and facts that the engine does not use."""
        ...

    def detect_language(
        self, audio: Audio, *, language_detection_segments: int
    ) -> tuple[str, float, list[tuple[str, float]]]:
        """Language, its probability, and those of all."""
        ...


def load_whisper(folder: Path, setup: WhisperSetup) -> Whisper:
    """The weights of ``folder`` in memory, on the device that ``setup`` names.

    Raises:
        FatalError: ``settings_wrong`` for a device or compute type that this machine or build cannot offer, or weights
            that CTranslate2 cannot read; ``out_of_memory``.
    """
    from faster_whisper import WhisperModel  # noqa: PLC0415 - loads the model library, in the pool child only

    device, _, index = setup.device.partition(":")
    try:
        model = WhisperModel(
            str(folder),
            device=device,
            device_index=int(index or 0),
            compute_type=setup.compute_type,
            cpu_threads=setup.threads,
            local_files_only=True,
        )
    except (ValueError, RuntimeError) as error:
        if is_out_of_memory(error):
            raise FatalError(ErrorCode.OUT_OF_MEMORY, f"the model {folder.name!r} does not fit in memory") from error
        raise FatalError(
            ErrorCode.SETTINGS_WRONG,
            f"the model cannot be loaded with DEVICE={setup.device} and COMPUTE_TYPE={setup.compute_type}",
            _without_path(error, folder),
        ) from error
    return cast("Whisper", model)


def is_out_of_memory(error: Exception) -> bool:
    """Whether a CTranslate2 error says that the device's memory is full: it has no type of its own for that."""
    return isinstance(error, MemoryError) or "out of memory" in str(error).lower()


def weights_revision(folder: Path) -> str:
    """Commit of a hub snapshot, else the first 16 hex digits of a SHA-256 over the files' names and bytes.

    Hashing reads the whole model: about a second per gigabyte from memory, once per process.
    """
    if folder.parent.name == "snapshots" and _HUB_COMMIT.fullmatch(folder.name):
        return folder.name
    digest = hashlib.sha256()
    for file in sorted(file for pattern in _WEIGHT_FILES for file in folder.glob(pattern)):
        digest.update(f"{file.name}\0{file.stat().st_size}\0".encode())
        with file.open("rb") as opened:
            while chunk := opened.read(_CHUNK_BYTES):
                digest.update(chunk)
    return digest.hexdigest()[:16]


def _without_path(error: Exception, folder: Path) -> str:
    return str(error).replace(str(folder), folder.name)
