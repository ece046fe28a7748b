"""A Dockerfile as a list of instructions, and what a .dockerignore keeps back: enough of both for the checks."""

import fnmatch
import json
import shlex
from dataclasses import dataclass
from pathlib import Path, PurePosixPath


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: ``RUN``, and the rest of its lines as one."""

    word: str
    text: str

    @property
    def flags(self) -> dict[str, str]:
        """Its leading ``--name=value``."""
        found = (part[2:].partition("=") for part in self.text.split() if part.startswith("--"))
        return {name: value for name, _, value in found}

    @property
    def arguments(self) -> list[str]:
        """Its words without flags; of a JSON array its members."""
        bare = self.text
        while bare.startswith("--"):
            bare = bare.partition(" ")[2].lstrip()
        return [str(part) for part in json.loads(bare)] if bare.startswith("[") else bare.split()

    @property
    def pairs(self) -> dict[str, str]:
        """The ``name=value`` of ENV, LABEL and ARG."""
        return {name: value for name, _, value in (part.partition("=") for part in shlex.split(self.text))}


def instructions(dockerfile: Path) -> list[Instruction]:
    """All instructions in their order, without comments, continued lines joined."""
    lines = [line for line in dockerfile.read_text("utf-8").splitlines() if not line.lstrip().startswith("#")]
    whole = "\n".join(lines).replace("\\\n", " ")
    found = (line.strip().partition(" ") for line in whole.splitlines() if line.strip())
    return [Instruction(word.upper(), " ".join(rest.split())) for word, _, rest in found]


def stages(dockerfile: Path) -> list[list[Instruction]]:
    """The instructions by stage, each beginning with its FROM; what stands before the first is left out."""
    found: list[list[Instruction]] = []
    for instruction in instructions(dockerfile):
        if instruction.word == "FROM":
            found.append([])
        if found:
            found[-1].append(instruction)
    return found


def lineage(dockerfile: Path) -> list[Instruction]:
    """The last stage's instructions, after those of the stages of this file that it is built on."""
    by_name: dict[str, list[Instruction]] = {}
    whole: list[Instruction] = []
    for stage in stages(dockerfile):
        base, *named = stage[0].arguments
        whole = [*by_name.get(base, []), *stage]
        if named:
            by_name[named[-1]] = whole
    return whole


def is_ignored(path: str, dockerignore: Path) -> bool:
    """Whether the builder never sees ``path``: the last pattern that matches it, or a folder above it, decides."""
    ignored = False
    parts = PurePosixPath(path).parts
    for line in dockerignore.read_text("utf-8").splitlines():
        pattern = line.strip().removeprefix("!").strip("/")
        if not pattern or pattern.startswith("#"):
            continue
        if any(_matches(parts[:depth], pattern.split("/")) for depth in range(1, len(parts) + 1)):
            ignored = not line.strip().startswith("!")
    return ignored


def _matches(parts: tuple[str, ...], pattern: list[str]) -> bool:
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return any(_matches(parts[skipped:], pattern[1:]) for skipped in range(len(parts) + 1))
    return bool(parts) and fnmatch.fnmatchcase(parts[0], pattern[0]) and _matches(parts[1:], pattern[1:])
