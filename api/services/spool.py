"""The spool: uploads on their way in, each one file that is whole in the end or gone."""

import errno
import os
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import aiofiles
import anyio
import anyio.to_thread
from aiofiles.threadpool.binary import AsyncBufferedIOBase

from stenopool.errors import ErrorCode, TransientError
from stenopool.media.fingerprint import Fingerprint

_FULL: Final = (errno.ENOSPC, errno.EDQUOT)

STALE_S: Final = 6 * 3600
"""A spool file untouched for this long belongs to a process that was killed: a living upload writes to its own."""


class SpoolFile:
    """A file being written; hashes and counts in the same pass. Every call works in a thread, the loop stays free."""

    def __init__(self, path: Path, file: AsyncBufferedIOBase) -> None:
        self.path = path
        self.fingerprint = Fingerprint()
        self._file = file

    async def write(self, block: bytearray) -> None:
        """Writes the next block; about 1 MiB each keeps the thread hops cheap.

        Raises:
            TransientError: ``disk_full`` or ``store_unavailable``.
        """
        try:
            await self._file.write(block)
        except OSError as error:
            raise spool_fault(error) from error
        await anyio.to_thread.run_sync(self.fingerprint.update, block)


class Spool:
    """The folder of files being received. ``min_free_bytes`` stay free on its disk."""

    def __init__(self, folder: Path, min_free_bytes: int) -> None:
        self._folder = folder
        self._min_free_bytes = min_free_bytes

    def path(self, upload_id: str) -> Path:
        """Where an upload is received."""
        return self._folder / upload_id

    async def require_room(self, size_bytes: int) -> None:
        """Refuses early what would not fit.

        Raises:
            TransientError: ``disk_full``, or ``store_unavailable`` when the folder cannot be made or asked.
        """
        try:
            free_bytes = await anyio.to_thread.run_sync(self._free_bytes)
        except OSError as error:
            raise spool_fault(error) from error
        if free_bytes - size_bytes < self._min_free_bytes:
            raise _no_room()

    @asynccontextmanager
    async def open(self, upload_id: str) -> AsyncIterator[SpoolFile]:
        """A new file. It is complete on disk when the block ends well, and gone when it does not."""
        path = self.path(upload_id)
        try:
            file = await aiofiles.open(path, "xb", opener=_open_private)
        except OSError as error:
            raise spool_fault(error) from error
        try:
            yield SpoolFile(path, file)
            await _close(file)
        except BaseException:
            # Shielded: the client that went away may have cancelled what runs here.
            with anyio.CancelScope(shield=True):
                with suppress(TransientError):
                    await _close(file)
                await self.remove(path)
            raise

    async def remove(self, path: Path) -> None:
        """Drops a file that is no longer needed; quietly when it is gone already."""
        with anyio.CancelScope(shield=True), suppress(OSError):
            await anyio.to_thread.run_sync(path.unlink, True)

    def remove_stale(self) -> int:
        """Drops what killed processes left; how many files. Blocks."""
        removed = 0
        before = time.time() - STALE_S
        with suppress(OSError):
            for path in self._folder.iterdir():
                with suppress(OSError):
                    if path.stat().st_mtime < before:
                        path.unlink()
                        removed += 1
        return removed

    def _free_bytes(self) -> int:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o770)
        return shutil.disk_usage(self._folder).free


async def _close(file: AsyncBufferedIOBase) -> None:
    """Closing writes what is buffered: it may find the disk full as well."""
    try:
        await file.close()
    except OSError as error:
        raise spool_fault(error) from error


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o660)


def spool_fault(error: OSError) -> TransientError:
    """The system's error as the platform's; no path in it."""
    if error.errno in _FULL:
        return _no_room()
    return TransientError(ErrorCode.STORE_UNAVAILABLE, "the upload could not be written to disk")


def _no_room() -> TransientError:
    return TransientError(
        ErrorCode.DISK_FULL, "there is no room for this file", "try again later, or ask the operator", retry_after_s=60
    )
