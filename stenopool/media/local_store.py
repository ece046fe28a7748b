"""The store on a local or shared disk: one file per object, written once by ``link``, durable on return.

``link`` and not ``rename`` makes an object appear: it fails when the name is taken, so of two writers one wins and
nothing that was readable ever changes. The file system must know hard links; ``stenopool.checks`` tries one at start.
"""

import contextlib
import errno
import os
import re
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

from stenopool.errors import ErrorCode, TransientError
from stenopool.media.epoch import EPOCH_KEY

_KEY: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
"""Relative names of plain segments; none begins with a dot, so neither ``..`` nor the folder below can be named."""

_UNFINISHED: Final = ".unfinished"
"""Folder of files being written. A killed process may leave one there, never under a key."""

_FILE_MODE: Final = 0o660
_FOLDER_MODE: Final = 0o770
_PRIVATE: Final = "keys/"
"""Below here is what opens doors: readable by the platform's own user alone, whatever the umask."""
_PRIVATE_FILE_MODE: Final = 0o600
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


class LocalStore:
    """Bodies below ``root``, which is created with the first write. Safe for any number of processes at once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._was_here = False

    def put(self, key: str, body: bytes) -> bool:
        """Writes once, durable on return. False: the object was there already and is left as it is."""
        final = self._locate(key)
        with _as_store_errors():
            unfinished = self._write_unfinished(body, _mode_of(key))
            try:
                return self._link(unfinished, final)
            finally:
                _remove(unfinished)

    def adopt_file(self, key: str, file: Path) -> bool:
        """Moves a finished file of the same file system in, durable on return; ``file`` is gone then.

        False: the object was there already, is left as it is, and ``file`` is dropped. After an error ``file`` stays.

        Raises:
            KeyError: ``file`` does not exist.
        """
        final = self._locate(key)
        with _as_store_errors():
            try:
                _sync_file(file)
            except FileNotFoundError:
                raise KeyError(key) from None
            is_new = self._link(file, final)
            file.unlink(missing_ok=True)
            return is_new

    def copy(self, source: str, key: str) -> bool:
        """Gives a write-once object a second key: another link, which costs no room.

        False: there was an object under ``key`` already, and it is left as it is.
        """
        final = self._locate(key)
        with self._finding(source) as file:
            file.stat()
            return self._link(file, final)

    def replace(self, key: str, body: bytes) -> None:
        """Writes or replaces atomically, durable on return."""
        final = self._locate(key)
        with _as_store_errors():
            unfinished = self._write_unfinished(body, _mode_of(key))
            try:
                self._make_folder(final.parent)
                unfinished.rename(final)
                _sync_folder(final.parent)
            finally:
                _remove(unfinished)

    def get(self, key: str) -> bytes:
        """The whole object, in memory."""
        with _as_store_errors(), self.open(key) as file:
            return file.read()

    def open(self, key: str) -> BinaryIO:
        """The object for reading, seekable. What fails while reading is a plain ``OSError``."""
        with self._finding(key) as file:
            return file.open("rb")

    def path(self, key: str) -> Path:
        """The object's file."""
        with self._finding(key) as file:
            file.stat()
            if not file.is_file():
                raise KeyError(key)
            return file

    def exists(self, key: str) -> bool:
        """Whether the object is there."""
        try:
            self.path(key)
        except KeyError:
            return False
        return True

    def size_bytes(self, key: str) -> int:
        """Length of the object."""
        with _as_store_errors():
            return self.path(key).stat().st_size

    def written_at(self, key: str) -> datetime:
        """When the object was written, aware UTC, by the file system's clock."""
        with _as_store_errors():
            return datetime.fromtimestamp(self.path(key).stat().st_mtime, UTC)

    def delete(self, key: str) -> bool:
        """Removes the object, durable on return; False when it was not there."""
        file = self._locate(key)
        with _as_store_errors():
            try:
                file.unlink()
            except (FileNotFoundError, NotADirectoryError):
                self._require_here()
                return False
            _sync_folder(file.parent)
            return True

    def delete_all(self, prefix: str) -> int:
        """Removes all objects below a prefix that ends with ``/``, durable on return; answers how many there were.

        The folders go too, unless somebody writes into them meanwhile.
        """
        if not prefix.endswith("/"):
            raise ValueError("a prefix ends with a slash")
        top = self._locate(prefix[:-1])
        with _as_store_errors():
            count = 0
            for folder, _folders, files in os.walk(top, topdown=False, onerror=_raise_unless_gone):
                for name in files:
                    (Path(folder) / name).unlink(missing_ok=True)
                count += len(files)
                with contextlib.suppress(OSError):
                    Path(folder).rmdir()
            if count:
                _sync_folder(next(parent for parent in top.parents if parent.is_dir()))
            return count

    def keys(self, prefix: str) -> Iterator[str]:
        """Keys below a prefix that ends with ``/``, in no order; what comes or goes meanwhile may be missed."""
        if not prefix.endswith("/"):
            raise ValueError("a prefix ends with a slash")
        top = self._locate(prefix[:-1])
        with _as_store_errors():
            self._require_here()
            for folder, _folders, files in os.walk(top, onerror=_raise_unless_gone):
                for name in files:
                    yield (Path(folder) / name).relative_to(self._root).as_posix()

    def _locate(self, key: str) -> Path:
        if _KEY.fullmatch(key) is None:
            raise ValueError("not a key of the store")
        return self._root / key

    @contextlib.contextmanager
    def _finding(self, key: str) -> Iterator[Path]:
        with _as_store_errors():
            try:
                yield self._locate(key)
            except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
                self._require_here()
                raise KeyError(key) from None

    def _require_here(self) -> None:
        """Tells a store that is away from one that lacks an object: a volume that is not mounted is an empty folder.

        What is looked for there would seem to be lost, and what is written would lie beneath the volume when it is back.
        A store that once had an epoch has one for ever.
        """
        if (self._root / EPOCH_KEY).exists():
            self._was_here = True
        elif self._was_here:
            raise TransientError(ErrorCode.STORE_UNAVAILABLE, "the store is not where it was: is its volume mounted?")

    def _write_unfinished(self, body: bytes, mode: int) -> Path:
        self._require_here()
        folder = self._root / _UNFINISHED
        self._make_folder(folder)
        file = folder / secrets.token_hex(16)
        try:
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as output:
                output.write(body)
                output.flush()
                os.fsync(output.fileno())
        except BaseException:
            _remove(file)
            raise
        return file

    def _link(self, file: Path, final: Path) -> bool:
        self._require_here()
        self._make_folder(final.parent)
        try:
            os.link(file, final)
        except FileExistsError:
            # The winner may not have reached its own fsync of the folder; who adopts makes sure.
            _sync_folder(final.parent)
            return False
        _sync_folder(final.parent)
        return True

    def _make_folder(self, folder: Path) -> None:
        """Makes the folder and those above it, each durable: a synced file in a lost folder is lost."""
        if folder.is_dir():
            return
        if folder != folder.parent:
            self._make_folder(folder.parent)
        with contextlib.suppress(FileExistsError):
            folder.mkdir(_FOLDER_MODE)
            _sync_folder(folder.parent)


def _mode_of(key: str) -> int:
    return _PRIVATE_FILE_MODE if key.startswith(_PRIVATE) else _FILE_MODE


@contextlib.contextmanager
def _as_store_errors() -> Iterator[None]:
    """Turns ``OSError`` into the store's two errors. The text of the system's own error is told, never a path."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise TransientError(ErrorCode.DISK_FULL, "the store's disk is full", retry_after_s=60) from error
        raise TransientError(
            ErrorCode.STORE_UNAVAILABLE, f"the store does not answer: {error.strerror or type(error).__name__}"
        ) from error


def _sync_file(file: Path) -> None:
    with file.open("rb") as opened:
        os.fsync(opened.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(file: Path) -> None:
    # Clean-up after a failure must not hide that failure.
    with contextlib.suppress(OSError):
        file.unlink()


def _raise_unless_gone(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error
