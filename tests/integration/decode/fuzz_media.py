"""Damaged recordings through the real decoder, by the thousand: ``make fuzz-media``.

Every file goes the way of an upload in a prepare worker: a child process with its limits. Whatever it is, it must end
decoded or with a code that the reference tells clients of, and leave nothing behind. Each is known by seed and number:
``python -m tests.integration.decode.fuzz_media --seed 7 --only 123 --keep /tmp`` writes that one file and decodes it.
"""

import argparse
import os
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stenopool.errors import ErrorCode, StenopoolError
from tests.integration.decode.made_media import FORMS, write_tone
from tests.integration.decode.mutations import Damaged, damaged
from worker.pipeline.decode import DecodeLimits, decode_media

SAMPLES: Final = Path(__file__).parents[3] / "samples"
LIMITS: Final = DecodeLimits(max_audio_s=3600, wall_s=60, cpu_s=30)
DECODED: Final = "decoded"
ALLOWED: Final = frozenset(
    {
        DECODED,
        *(ErrorCode.UNDECODABLE_MEDIA, ErrorCode.NO_AUDIO, ErrorCode.AUDIO_TOO_LONG),
        *(ErrorCode.DECODE_TIMEOUT, ErrorCode.OUT_OF_MEMORY),
    }
)
"""How a recording may end by its own fault. Anything else is a fault of ours."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one file ended."""

    name: str
    ending: str
    message: str
    took_s: float
    left: tuple[str, ...]

    @property
    def is_fault(self) -> bool:
        """Whether it ended as no recording may end."""
        return self.ending not in ALLOWED or bool(self.left)


def corpus() -> dict[str, bytes]:
    """The committed samples, and a second of a tone in every other container that is taken."""
    bodies = {path.name: path.read_bytes() for path in SAMPLES.iterdir() if path.suffix not in (".txt", ".md")}
    with tempfile.TemporaryDirectory() as folder:
        for form in FORMS:
            bodies[f"tone.{form.ending}"] = write_tone(Path(folder), form, seconds=1).read_bytes()
    return bodies


def decode_one(folder: Path, limits: DecodeLimits, file: Damaged) -> Outcome:
    """Decodes the file as a prepare worker would, in a folder of its own below ``folder``."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        source, scratch = Path(name) / "upload", Path(name) / "scratch"
        scratch.mkdir()
        source.write_bytes(file.body)
        target = scratch / "audio.pcm"
        began = time.monotonic()
        ending, message = _ending_of(source, target, limits)
        left = {path.name for path in scratch.iterdir()} - ({target.name} if ending == DECODED else set())
        return Outcome(file.name, ending, message, time.monotonic() - began, tuple(sorted(left)))


def _ending_of(source: Path, target: Path, limits: DecodeLimits) -> tuple[str, str]:
    try:
        media = decode_media(source, target, limits)
    except StenopoolError as error:
        return str(error.code), error.message
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for.
        return type(error).__name__, str(error)
    return DECODED, "; ".join(media.warnings)


def decode_all(bodies: Mapping[str, bytes], seed: int, numbers: Iterable[int], folder: Path) -> Iterator[Outcome]:
    """Outcomes in the order of the numbers, one decoder per core at a time."""

    def decode(number: int) -> Outcome:
        return decode_one(folder, LIMITS, damaged(bodies, seed, number))

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        yield from threads.map(decode, numbers)


def table(outcomes: Iterable[Outcome]) -> str:
    """How many ended how, and how long the slowest of each took."""
    slowest: dict[str, float] = {}
    counted: Counter[str] = Counter()
    for outcome in outcomes:
        ending = f"{outcome.ending}, by a crash" if "crashed" in outcome.message else outcome.ending
        counted[ending] += 1
        slowest[ending] = max(slowest.get(ending, 0.0), outcome.took_s)
    lines = [f"{number:>7}  {ending:<36} slowest {slowest[ending]:.1f} s" for ending, number in counted.most_common()]
    return "\n".join(lines)


def main() -> int:
    """Exits with 1 when a file ended as none may."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--only", type=int, default=None, help="number of the one file to decode")
    parser.add_argument("--keep", type=Path, default=None, help="folder for the files that ended badly")
    asked = parser.parse_args()
    seed = secrets.randbelow(2**32) if asked.seed is None else asked.seed
    numbers = range(asked.files) if asked.only is None else [asked.only]
    sys.stdout.write(f"seed {seed}, {len(numbers)} files\n")
    bodies = corpus()
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="fuzz-media-") as folder:
        for number, outcome in zip(numbers, decode_all(bodies, seed, numbers, Path(folder)), strict=True):
            outcomes.append(outcome)
            if outcome.is_fault or asked.only is not None:
                sys.stdout.write(f"{outcome.name}: {outcome.ending} {outcome.message} {outcome.left}\n")
                if asked.keep is not None:
                    (asked.keep / outcome.name).write_bytes(damaged(bodies, seed, number).body)
            sys.stdout.flush()
    sys.stdout.write(table(outcomes) + "\n")
    return int(any(outcome.is_fault for outcome in outcomes))


if __name__ == "__main__":
    raise SystemExit(main())
