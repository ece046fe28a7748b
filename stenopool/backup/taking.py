"""Takes a copy of the store while everything runs.

Only the store: a ledger is filled from manifests, and one from a copy of Redis could know of jobs that the copied store
does not, which are then taken for deleted. Objects are written once or replaced as a whole, so each file is whole; what
counts is the order. Manifests first: they are the jobs of that moment, and whatever ends later is in what is copied
later. Media before transcripts: a job that ends in between may lose its recording, but then its transcript is there.
Transcripts before the notes that say they are gone. At the end manifests of jobs that were deleted meanwhile go again.

Each backup is a folder of its own, named by its moment and complete once it has that name. Files that the one before has,
too, are linked: they take no room twice.
"""

import contextlib
import errno
import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

import stenopool
from stenopool.clock import utc_now
from stenopool.errors import ErrorCode, FatalError, TransientError
from stenopool.media.epoch import EPOCH_KEY

STORE: Final = "store"
"""Folder of a backup that holds the objects, and of DATA_DIR."""

NOTE: Final = "backup.json"
"""Written last."""

VERSION: Final = 1

_ORDER: Final = ("keys", "manifests", "media", "work", "transcripts", "gone", "peaks", "deliveries", "usage")
_LEFT_OUT: Final = frozenset({".unfinished", EPOCH_KEY})
"""Without an epoch a restored store is of no ledger, and a Redis of the life before can never be taken for its own."""

_AUDIO: Final = ".pcm"
"""Decoded audio: large, and made again from the recording."""

_STAMP: Final = "%Y-%m-%dT%H-%M-%SZ"
_NAME: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}Z")
_UNFINISHED: Final = ".unfinished"
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


class BackupNote(BaseModel):
    """What stands in a backup about itself."""

    model_config = ConfigDict(frozen=True)

    v: int = VERSION
    release: str
    began_at: datetime
    ended_at: datetime
    objects: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Backup:
    """A complete backup."""

    folder: Path
    note: BackupNote


@dataclass(slots=True)
class _Counted:
    objects: int = 0
    size_bytes: int = 0


def take_backup(data_dir: Path, target: Path, keep: int = 0) -> Backup:
    """Copies the store of ``data_dir`` into a new folder of ``target``, and removes all but the newest ``keep`` (0: none).

    Reads every file that the last backup there does not have. Safe beside running processes.

    Raises:
        FatalError: ``settings_wrong``: there is no store, or the target lies in it.
        TransientError: ``store_unavailable`` or ``disk_full``: it could not be read or written; nothing is left.
    """
    store = data_dir / STORE
    if not (store / EPOCH_KEY).is_file():
        raise FatalError(
            ErrorCode.SETTINGS_WRONG, "there is no store in DATA_DIR, or it is not mounted", "nothing was copied"
        )
    if target.resolve().is_relative_to(data_dir.resolve()):
        raise FatalError(ErrorCode.SETTINGS_WRONG, "a backup inside DATA_DIR would go with it: name another disk")
    try:
        with _alone_in(target):
            backup = _take(store, target)
            if keep:
                for old in backups_in(target)[:-keep]:
                    shutil.rmtree(old)
            return backup
    except OSError as error:
        code = ErrorCode.DISK_FULL if error.errno in _FULL else ErrorCode.STORE_UNAVAILABLE
        raise TransientError(code, f"the backup was broken off: {error.strerror or type(error).__name__}") from error


def backups_in(target: Path) -> list[Path]:
    """The complete backups of a folder, oldest first."""
    return sorted(folder for folder in target.iterdir() if _NAME.fullmatch(folder.name) and (folder / NOTE).is_file())


def read_note(folder: Path) -> BackupNote:
    """What a backup says of itself.

    Raises:
        FatalError: ``settings_wrong``: it is none, not complete, or of a newer release.
    """
    try:
        note = BackupNote.model_validate_json((folder / NOTE).read_bytes())
    except (OSError, ValueError) as error:
        raise FatalError(
            ErrorCode.SETTINGS_WRONG, "this folder is no complete backup", f"it needs {NOTE} and {STORE}/"
        ) from error
    if note.v > VERSION:
        raise FatalError(ErrorCode.SETTINGS_WRONG, f"the backup is of a newer release ({note.release})")
    return note


def _take(store: Path, target: Path) -> Backup:
    began_at = utc_now()
    earlier = backups_in(target)
    previous = earlier[-1] / STORE if earlier else None
    unfinished = target / _UNFINISHED
    shutil.rmtree(unfinished, ignore_errors=True)
    copied = unfinished / STORE
    copied.mkdir(parents=True, mode=0o700)
    try:
        counted = _Counted()
        for name in _folders(store):
            copy_folder(store / name, copied / name, previous / name if previous else None, counted)
        _drop_deleted(store, copied)
        note = BackupNote(
            release=stenopool.__version__,
            began_at=began_at,
            ended_at=utc_now(),
            objects=counted.objects,
            size_bytes=counted.size_bytes,
        )
        (unfinished / NOTE).write_text(note.model_dump_json(indent=2) + "\n", "utf-8")
        # Before it gets its name: what has one is on the disk.
        os.sync()
        final = _free_name(target, began_at)
        unfinished.rename(final)
        os.sync()
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return Backup(final, note)


def _folders(store: Path) -> Iterator[str]:
    """In the order of ``_ORDER``; what a newer release has beside these comes last."""
    yield from _ORDER
    for entry in sorted(store.iterdir()):
        if entry.name not in _ORDER and entry.name not in _LEFT_OUT:
            yield entry.name


def copy_folder(source: Path, to: Path, previous: Path | None, counted: _Counted) -> None:
    """Copies all files below ``source``, with their times and modes; files of ``previous`` that are the same are linked."""
    for place, _folders_below, files in os.walk(source, onerror=_raise_unless_gone):
        below = Path(place).relative_to(source)
        for name in files:
            if name.endswith(_AUDIO):
                continue
            with contextlib.suppress(FileNotFoundError):
                # Gone meanwhile: deleted, or its time had come.
                size_bytes = _copy(Path(place) / name, to / below / name, previous / below / name if previous else None)
                counted.objects += 1
                counted.size_bytes += size_bytes


def _copy(source: Path, to: Path, before: Path | None) -> int:
    with source.open("rb") as opened:
        found = os.fstat(opened.fileno())
        to.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if before is not None and _is_same(before, found) and _link(before, to):
            return found.st_size
        # By the open file and not by its name: under that a newer one may lie by now.
        with to.open("xb") as written:
            shutil.copyfileobj(opened, written, 1 << 20)
        to.chmod(found.st_mode & 0o777)
        os.utime(to, ns=(found.st_mtime_ns, found.st_mtime_ns))
    return found.st_size


def _is_same(before: Path, found: os.stat_result) -> bool:
    try:
        earlier = before.stat()
    except OSError:
        return False
    return (earlier.st_size, earlier.st_mtime_ns) == (found.st_size, found.st_mtime_ns)


def _link(before: Path, to: Path) -> bool:
    try:
        os.link(before, to)
    except OSError:
        # A disk without hard links, or one on which a file has as many as it may.
        return False
    return True


def _drop_deleted(store: Path, copied: Path) -> None:
    """A job that was deleted while its bodies were copied must not come back."""
    for manifest in (copied / "manifests").glob("*/*.json"):
        if not (store / manifest.relative_to(copied)).exists():
            manifest.unlink()


def _free_name(target: Path, moment: datetime) -> Path:
    final = target / moment.strftime(_STAMP)
    if final.exists():
        raise TransientError(ErrorCode.STORE_UNAVAILABLE, "a backup of this very second is there already")
    return final


@contextlib.contextmanager
def _alone_in(target: Path) -> Iterator[None]:
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (target / ".lock").open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise TransientError(ErrorCode.STORE_UNAVAILABLE, "another backup is being taken there") from None
        yield


def _raise_unless_gone(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error
