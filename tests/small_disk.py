"""A disk of a few megabytes that can really be full: a tmpfs, which only root may mount."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

PAGE_BYTES: Final = 4096


class SmallDisk:
    """A mounted disk, and the file that fills it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._filler = path / "filler"
        self._filler.touch()

    @property
    def free_pages(self) -> int:
        """Pages that can be written still."""
        found = os.statvfs(self.path)
        return found.f_bavail * found.f_frsize // PAGE_BYTES

    def leave(self, pages: int) -> None:
        """Fills the disk but for so many pages, or empties what filled it so far."""
        with self._filler.open("r+b") as file:
            size = file.seek(0, 2) + (self.free_pages - pages) * PAGE_BYTES
            file.truncate(min(size, file.tell()))
            if size > 0:
                os.posix_fallocate(file.fileno(), 0, size)
        assert self.free_pages == pages

    def empty(self) -> None:
        """There is room again."""
        os.truncate(self._filler, 0)


@contextmanager
def small_disk(folder: Path, size_mb: int) -> Iterator[SmallDisk]:
    """A disk under ``folder``, gone at the end with all that is on it."""
    folder.mkdir()
    _mount(folder, size_mb)
    try:
        yield SmallDisk(folder)
    finally:
        # Lazily: a process that is on its way out may hold a file still.
        subprocess.run(["umount", "--lazy", folder], check=True, timeout=30)


def can_mount() -> bool:
    """Whether such a disk can be had: by root, outside of most containers."""
    if os.geteuid() != 0:
        return False
    with tempfile.TemporaryDirectory() as folder:
        try:
            _mount(Path(folder), 1)
        except (OSError, subprocess.SubprocessError):
            return False
        subprocess.run(["umount", folder], check=True, timeout=30)
    return True


def _mount(folder: Path, size_mb: int) -> None:
    command = ["mount", "-t", "tmpfs", "-o", f"size={size_mb}m", "tmpfs", str(folder)]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
