"""One runner per data directory: an advisory lock that the kernel frees when its holder dies."""

import fcntl
import json
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from stenopool.local.errors import StartError


class DataLock:
    """While entered, no other runner can use the data directory."""

    def __init__(self, data_dir: Path) -> None:
        """The lock lies in ``data_dir/run``."""
        self._path = data_dir / "run" / "runner.lock"
        self._descriptor = -1

    def __enter__(self) -> Self:
        """Takes the lock.

        Raises:
            StartError: another runner has it; one line that names its address where it has told one.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = self._holder()
            os.close(self._descriptor)
            raise StartError(f"another Stenopool already runs on {self._path.parent.parent}{holder}") from None
        self.tell("")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)

    def tell(self, address: str) -> None:
        """Leaves process id and address for the one who is refused."""
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, json.dumps({"pid": os.getpid(), "address": address}).encode(), 0)

    def _holder(self) -> str:
        try:
            told = json.loads(os.pread(self._descriptor, 1000, 0))
            return f" (process {int(told['pid'])}{', ' if told['address'] else ''}{told['address']})"
        except (ValueError, KeyError, TypeError):
            return ""
