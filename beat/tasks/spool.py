"""Clears away what killed processes left: unfinished uploads, decodings, run files. Never touches the store."""

import shutil
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

from beat.app import app
from beat.house import house
from stenopool.logs import get_logger

ABANDONED_AFTER: Final = timedelta(hours=24)
"""Longer than any upload or decoding lasts."""

_log = get_logger(__name__)


@app.task(name="spool.clear")  # type: ignore[untyped-decorator]  # Celery ships no types.
def clear() -> str:
    """Clears spool and run files of this data directory."""
    data_dir = house().settings.data_dir
    removed = clear_abandoned(data_dir, time.time() - ABANDONED_AFTER.total_seconds())
    return f"{removed} abandoned"


def clear_abandoned(data_dir: Path, before_s: float) -> int:
    """Removes what was last changed before ``before_s`` (seconds since 1970, the file system's clock); answers how many.

    A folder counts as changed when anything directly in it was: a living worker's folder changes with every beat.
    """
    removed = 0
    for path in _candidates(data_dir):
        try:
            if _last_change_s(path) >= before_s:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        except FileNotFoundError:
            # Its owner, or another housekeeper, was faster.
            continue
        except OSError as error:
            _log.warning("not_cleared", error=error.strerror)
            continue
        removed += 1
    return removed


def _candidates(data_dir: Path) -> Iterator[Path]:
    spool, run = data_dir / "spool", data_dir / "run"
    if spool.is_dir():
        yield from spool.iterdir()
    if run.is_dir():
        # Workers' folders and heartbeats of killed processes: the clock keeps its schedule beside them.
        yield from run.glob("worker-*")
        yield from run.glob("alive-*")


def _last_change_s(path: Path) -> float:
    latest = path.lstat().st_mtime
    if path.is_dir() and not path.is_symlink():
        latest = max([latest, *(inside.lstat().st_mtime for inside in path.iterdir())])
    return latest
