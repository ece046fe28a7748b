"""Which files transcripts are written to, by the rule of whisper's command: ``talk.mp3`` becomes ``talk.srt``."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from stenopool_client import ResultFormat
from stenopool_client.cli.ending import printable

FORMATS: Final[dict[str, ResultFormat]] = {"txt": "text", "srt": "srt", "vtt": "vtt", "json": "json", "tsv": "tsv"}
"""What may be asked for, which is also the ending of the file, and the API's word for it."""


class SameOutputError(ValueError):
    """Two recordings would be written to one file."""


def wanted_formats(given: Sequence[str]) -> list[str]:
    """Formats without repetitions; ``all`` is each of them."""
    told = list(FORMATS) if "all" in given else list(dict.fromkeys(given or ["txt"]))
    wrong = [one for one in told if one not in FORMATS]
    if wrong:
        raise ValueError(f"{wrong[0]!r} is none of {', '.join(FORMATS)}, all")
    return told


def output_paths(names: Sequence[str], formats: Sequence[str], folder: Path) -> list[list[Path]]:
    """For each recording its outputs. Recordings that differ in their ending alone keep it: ``talk.mp3.srt``.

    Raises:
        SameOutputError: two recordings have the same name, so that one would replace the other.
    """
    stems = Counter(Path(name).stem.casefold() for name in names)
    bases = [Path(name).stem if stems[Path(name).stem.casefold()] == 1 else Path(name).name for name in names]
    for base, times in Counter(base.casefold() for base in bases).items():
        if times > 1:
            raise SameOutputError(
                f"{times} recordings are called {base}: transcribe them into different folders (--out)"
            )
    return [[folder / f"{_plain(base)}.{form}" for form in formats] for base in bases]


def write(path: Path, text: str) -> None:
    """Writes a transcript, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8", newline="")
    part.replace(path)


def _plain(base: str) -> str:
    """A name that a server told leads nowhere else."""
    return printable(base.replace("/", "_").replace("\\", "_")).lstrip(".") or "recording"
