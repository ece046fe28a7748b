"""The lock that makes a GPU one worker's: a file per UUID in the run folder, which the kernel frees when all die.

Main process and child hold it *shared*, each through a file of its own: a spawned child inherits none. Who wants the GPU
must get it *exclusively* first, so it is free only when both are gone; a child that outlives its main process for a
moment still has the model in the GPU's memory. The files stay: who removed one could lock another of the same name.
"""

import fcntl
import json
import os
import socket
from pathlib import Path
from typing import Final, Self

_MODE: Final = 0o660


class GpuLock:
    """A GPU held by this process, until it is closed or the process ends, however it does."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls, run_dir: Path, uuid: str) -> Self | None:
        """For a main process. None: another worker has it.

        Raises:
            OSError: the file cannot be made.
        """
        run_dir.mkdir(parents=True, exist_ok=True)
        descriptor = _open(run_dir, uuid)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _tell(descriptor)
            # Not one step: another may come in between, and then it is that one's.
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except BaseException:
            os.close(descriptor)
            raise
        return cls(descriptor)

    @classmethod
    def join(cls, run_dir: Path, uuid: str) -> Self | None:
        """For a child of the process that took it. None: that one has died, and another worker has it."""
        descriptor = _open(run_dir, uuid)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return cls(descriptor)

    def close(self) -> None:
        """Lets it go; may be called twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def holder(run_dir: Path, uuid: str) -> str:
    """Who took the GPU last, ``host:pid``, for people; empty where nobody told."""
    try:
        told = json.loads(_path(run_dir, uuid).read_text("utf-8"))
        return f"{told['host']}:{int(told['pid'])}"
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _tell(descriptor: int) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps({"host": socket.gethostname(), "pid": os.getpid()}).encode(), 0)


def _open(run_dir: Path, uuid: str) -> int:
    return os.open(_path(run_dir, uuid), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE)


def _path(run_dir: Path, uuid: str) -> Path:
    # UUIDs of parts of GPUs had slashes in older drivers.
    return run_dir / f"gpu-{uuid.replace('/', '_')}.lock"
