"""The data directory: there, ours, on a disk with room, with locks that hold, and of this ledger."""

import fcntl
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

from stenopool.checks import FOLDERS, Check, Level, check_data_dir, compare_epochs
from stenopool.doctor.finding import Finding, fail, ok, warn
from stenopool.doctor.of_redis import finding_of
from stenopool.ledger.ledger import Ledger
from stenopool.media.store import Store

_REMEDIES: Final = {
    "data_dir": "give the folder to the user of the processes, on one file system that knows hard links",
    "disk": "make room, or shorten MEDIA_TTL and RESULT_TTL for what comes",
    "epoch": "REDIS_HOST, REDIS_DB and DATA_DIR must be those of one installation",
}


def look_at_data(data_dir: Path, min_free_disk_mb: int) -> list[Finding]:
    """Writes two small files and removes them; makes no folder."""
    if not data_dir.is_dir():
        return [
            fail("data_dir", "DATA_DIR is no folder", "make it, or mount its volume, for the user of the processes")
        ]
    missing = [name for name in FOLDERS if not (data_dir / name).is_dir()]
    if missing:
        # Made by the first process that starts, and owned by its user: not by whoever asks now.
        found: tuple[Check, ...] = (_begin_check(data_dir, missing),)
    else:
        found = check_data_dir(data_dir, min_free_disk_mb)
    return [*(finding_of(check, _REMEDIES) for check in found), _owner(data_dir), _locks(data_dir)]


def look_at_epochs(store: Store, ledger: Ledger) -> Finding:
    """Whether store and ledger belong together; two that are new stay so."""
    return finding_of(compare_epochs(store, ledger), _REMEDIES)


def _begin_check(data_dir: Path, missing: list[str]) -> Check:
    file = data_dir / f".check-{secrets.token_hex(8)}"
    try:
        file.write_bytes(b"check")
        file.unlink()
    except OSError as error:
        return Check("data_dir", Level.FAIL, f"DATA_DIR cannot be written: {error.strerror or type(error).__name__}")
    return Check("data_dir", Level.OK, f"not begun yet: {', '.join(missing)} will be made")


def _owner(data_dir: Path) -> Finding:
    folder = data_dir / "store"
    owner = (folder if folder.is_dir() else data_dir).stat().st_uid
    if owner != os.geteuid():
        return warn(
            "data_owner",
            f"this was asked as user {os.geteuid()}, the store belongs to user {owner}",
            f"ask as the user of the processes: what another may write says nothing (sudo -u '#{owner}' …)",
        )
    return ok("data_owner", "the store belongs to the user who asks")


def _locks(data_dir: Path) -> Finding:
    """GPUs, metrics and backups rest on locks that the kernel frees."""
    file = data_dir / f".check-{secrets.token_hex(8)}"
    try:
        with file.open("wb") as first, file.open("wb") as second:
            fcntl.flock(first, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with suppress(BlockingIOError):
                fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return fail(
                    "locks", "two may hold one lock on this file system", "another file system, or mount option"
                )
    except OSError as error:
        return fail(
            "locks",
            f"DATA_DIR takes no locks: {error.strerror or type(error).__name__}",
            "a file system with flock: a local disk, or NFS 4",
        )
    finally:
        with suppress(OSError):
            file.unlink()
    return ok("locks", "a lock is held by one")
