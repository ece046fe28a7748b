"""How much memory this machine, or the container that the process is in, has left."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_KB: Final = 1024


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes. ``free`` counts what the kernel would give up at once, the cache of files."""

    free: int
    total: int


def memory(root: Path = Path("/")) -> Memory | None:
    """The machine's memory, or the container's where that is less; None where nobody tells (no Linux). A few reads."""
    known = [found for found in (_of_machine(root), _of_container(root)) if found is not None]
    return min(known, key=lambda found: found.free, default=None)


def _of_machine(root: Path) -> Memory | None:
    lines = {}
    with suppress(OSError):
        for line in (root / "proc/meminfo").read_text("ascii").splitlines():
            name, _, value = line.partition(":")
            lines[name] = value.split()
    with suppress(KeyError, ValueError, IndexError):
        return Memory(int(lines["MemAvailable"][0]) * _KB, int(lines["MemTotal"][0]) * _KB)
    return None


def _of_container(root: Path) -> Memory | None:
    folder = root / "sys/fs/cgroup"
    with suppress(OSError, ValueError):
        # "max" where there is no limit, which is no number.
        total = int((folder / "memory.max").read_text("ascii"))
        used = int((folder / "memory.current").read_text("ascii"))
        cache = 0
        for line in (folder / "memory.stat").read_text("ascii").splitlines():
            name, _, value = line.partition(" ")
            cache += int(value) if name == "inactive_file" else 0
        return Memory(max(0, total - used + cache), total)
    return None
