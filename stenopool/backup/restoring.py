"""Puts a backup in the place of a store that is not there any more; the housekeeper then fills the ledger from it."""

import errno
import os
import shutil
from pathlib import Path
from typing import Final

from stenopool.backup.taking import STORE, BackupNote, read_note
from stenopool.errors import ErrorCode, FatalError, TransientError
from stenopool.ledger import operations as op
from stenopool.ledger.ledger import Ledger

_UNFINISHED: Final = "store.restoring"
_OF_NOBODY: Final = frozenset({".unfinished"})
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


def restore_backup(backup: Path, data_dir: Path, ledger: Ledger) -> BackupNote:
    """Copies the backup's store to ``data_dir``. It gets its name when it is whole: broken off, it is simply begun anew.

    Raises:
        FatalError: ``settings_wrong``: no backup; a store is there; or Redis holds a ledger.
        TransientError: ``ledger_unavailable``, ``store_unavailable`` or ``disk_full``.
    """
    note = read_note(backup)
    store = data_dir / STORE
    if store.is_dir() and any(entry.name not in _OF_NOBODY for entry in store.iterdir()):
        raise FatalError(
            ErrorCode.SETTINGS_WRONG,
            "DATA_DIR holds a store already, and a backup takes the place of none",
            "stop all processes and move the folder `store` away",
        )
    life = ledger.do(op.life())
    if life.epoch is not None or life.restoring is not None:
        raise FatalError(
            ErrorCode.SETTINGS_WRONG,
            "Redis holds a ledger, which would take what this store does not know for deleted",
            "stop all processes and empty it: redis-cli FLUSHDB",
        )
    try:
        _copy(backup / STORE, data_dir / _UNFINISHED, store)
    except OSError as error:
        code = ErrorCode.DISK_FULL if error.errno in _FULL else ErrorCode.STORE_UNAVAILABLE
        raise TransientError(code, f"the store was not restored: {error.strerror or type(error).__name__}") from error
    return note


def _copy(source: Path, unfinished: Path, store: Path) -> None:
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.parent.mkdir(parents=True, exist_ok=True)
    # With times and modes: by its time a transcript tells when its job ended, and keys stay private.
    shutil.copytree(source, unfinished)
    os.sync()
    shutil.rmtree(store, ignore_errors=True)
    unfinished.rename(store)
    os.sync()
