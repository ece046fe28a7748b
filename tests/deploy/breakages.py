"""What a check of shipped files is, and a breakage that must turn it red.

A check reads a tree, never the working folder, and gives what is wrong with it as sentences: so the same function is
asked about the files as they are shipped and about a copy with one thing broken.
"""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent.parent
"""The project, as it is shipped."""

SHIPPED: Final = ("nginx", "monitoring", "deploy", "docs", "requirements", "scripts")
"""Folders that are copied, beside the files at the top; the others are links into the project, not to be written."""

LEFT_OUT: Final = frozenset({".git", ".venv", ".venv-load", ".cache", "data", "node_modules"})

Check = Callable[[Path], list[str]]
"""Takes the top folder of a tree, gives its faults; an empty list is a clean tree."""


@cache
def as_shipped(check: Check) -> tuple[str, ...]:
    """What the check finds in the project itself, looked at once for all tests of a process."""
    return tuple(check(ROOT))


@dataclass(frozen=True, slots=True)
class Breakage:
    """One thing that goes wrong with a shipped file, by a slip of the pen or a merge.

    ``old`` must stand in the file; its first occurrence becomes ``new``.
    """

    name: str
    path: str
    old: str
    new: str
    check: Check

    def apply(self, tree: Path) -> None:
        """Breaks the file in ``tree``; raises ``LookupError`` if what is to be broken is not there."""
        file = tree / self.path
        if not file.resolve().is_relative_to(tree.resolve()):
            raise LookupError(f"{self.path} is the project's own and no copy: {self.name!r} would break that")
        text = file.read_text(encoding="utf-8")
        if self.old not in text:
            raise LookupError(f"{self.path} does not hold {self.old!r}: {self.name!r} breaks nothing")
        # A new file: what stands in the tree is another name of the project's own.
        file.unlink()
        file.write_text(text.replace(self.old, self.new, 1), encoding="utf-8")


def copy_of_the_project(target: Path) -> Path:
    """A tree in which ``Breakage.apply`` may break what is shipped; made of links within milliseconds.

    Shipped files are hard links, so that they lie in true folders and not behind links; the code is behind links. So
    nothing in it may be written to: files may be added, or replaced as ``apply`` does it.
    """
    target.mkdir()
    for source in ROOT.iterdir():
        if source.name in LEFT_OUT or source.name.endswith("_cache"):
            continue
        if source.is_file():
            _link(source, target / source.name)
        elif source.name in SHIPPED:
            shutil.copytree(source, target / source.name, copy_function=_link)
        else:
            (target / source.name).symlink_to(source)
    return target


def _link(source: str | Path, target: str | Path) -> str:
    try:
        os.link(source, target)
    except OSError:
        # Another file system.
        shutil.copy2(source, target)
    return str(target)
