"""The folder in which the processes of a group keep what they count, so that whoever is asked tells the sum of all.

A group is a uvicorn server with its workers, or a Celery worker with its children; its folder is
``<data_dir>/run/metrics-<process>-<host>-<pid of the owner>``, made of memory-mapped files of prometheus_client. Who is
alive is told by locks, which the kernel lifts when a process dies, however it dies, and not by pids, which are used
again: in a container the owner's is always the same.
"""

import contextlib
import errno
import fcntl
import os
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Self

from stenopool.instruments import registry
from stenopool.logs import get_logger
from stenopool.settings import share_metrics

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

_GATE: Final = "gate"
"""Locked while the folder is changed or read as a whole."""
_GATE_LIMIT_S: Final = 5.0
_GATE_PAUSE_S: Final = 0.01
_MEMBER: Final = "member-"
_DEAD: Final = "dead"
"""Takes a pid's place in the name of the file that holds what the dead had counted."""

_SIZES: Final = {"counter": 256 * 1024, "gauge_livesum": 64 * 1024, "histogram": 1024 * 1024}
"""Bytes of a process's files, written out before they are mapped: a write into the hole of a sparse file on a full
disk ends the process with SIGBUS. A series takes about 250; four times what this release can have."""

_log = get_logger(__name__)


class MetricsFolder:
    """This process's place in its group. ``open`` comes before the process moves its first metric."""

    def __init__(self, folder: Path, member: IO[bytes]) -> None:
        self.folder = folder
        self._member = member

    @classmethod
    def open(cls, run_dir: Path, process: str, owner_pid: int) -> Self | None:
        """Joins the group, which the first living member finds empty; removes what dead groups left.

        None where the folder cannot be made or locked: this process then counts in its own memory, and says so.
        """
        folder = run_dir / f"metrics-{process}-{socket.gethostname()}-{owner_pid}"
        try:
            with _gate(folder):
                if not any(_is_locked(lock) for lock in _members(folder)):
                    _wipe(folder)
                member = _become_member(folder)
            _remove_dead_groups(run_dir, but=folder)
        except OSError as error:
            _log.warning("metrics_not_shared", process=process, error=error.strerror or type(error).__name__)
            share_metrics(None)
            return None
        share_metrics(folder)
        return cls(folder, member)

    def read(self) -> bytes:
        """What all members counted, the dead ones included, in the text format. Blocks for some milliseconds.

        Raises:
            OSError: the folder cannot be read.
        """
        from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415 - after share_metrics

        group = CollectorRegistry()
        group.register(self)
        return generate_latest(group)

    def collect(self) -> "list[Metric]":
        """As ``read``, for a registry of prometheus_client.

        Raises:
            OSError: the folder cannot be read.
        """
        from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415 - after share_metrics

        with _gate(self.folder):
            for lock in _members(self.folder):
                if not _is_locked(lock):
                    _bury(self.folder, lock)
            return list(MultiProcessCollector(None, str(self.folder)).collect())  # type: ignore[no-untyped-call]

    def leave(self) -> None:
        """The process ends in order; the last one takes the folder away."""
        with contextlib.suppress(OSError), _gate(self.folder):
            self._member.close()
            if not any(_is_locked(lock) for lock in _members(self.folder)):
                shutil.rmtree(self.folder, ignore_errors=True)


def read_alone() -> bytes:
    """What this process counted by itself, where it shares with nobody."""
    from prometheus_client import generate_latest  # noqa: PLC0415 - after share_metrics

    return generate_latest(registry())


@contextlib.contextmanager
def _gate(folder: Path) -> Iterator[None]:
    """Holds the folder's gate; makes the folder where it is missing.

    Raises:
        TimeoutError: somebody else holds it for too long, a process that was stopped.
    """
    with _opened_gate(folder):
        yield


def _opened_gate(folder: Path) -> IO[bytes]:
    until = time.monotonic() + _GATE_LIMIT_S
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            gate = (folder / _GATE).open("ab")
            with contextlib.suppress(BlockingIOError):
                _lock(gate)
                # Whoever takes a folder away holds its gate; then this is the gate of a folder that is gone.
                if os.fstat(gate.fileno()).st_nlink:
                    return gate
            gate.close()
        if time.monotonic() > until:
            raise TimeoutError(errno.ETIMEDOUT, "another process keeps the metrics locked")
        time.sleep(_GATE_PAUSE_S)


def _members(folder: Path) -> list[Path]:
    return list(folder.glob(f"{_MEMBER}*"))


def _become_member(folder: Path) -> IO[bytes]:
    pid = str(os.getpid())
    # Of a dead process that had this pid: what it counted stays, what it had under way does not.
    _gauge_of(folder, pid).unlink(missing_ok=True)
    for kind in _SIZES:
        _written_out(folder, kind, pid)
    member = (folder / f"{_MEMBER}{pid}").open("ab")
    _lock(member)
    return member


def _bury(folder: Path, lock: Path) -> None:
    """Adds what a dead member counted to the file of the dead: else each would leave its files behind for ever."""
    from prometheus_client.mmap_dict import MmapedDict  # noqa: PLC0415 - after share_metrics

    pid = lock.name.removeprefix(_MEMBER)
    for kind in ("counter", "histogram"):
        own = folder / f"{kind}_{pid}.db"
        if not own.exists():
            continue
        total = MmapedDict(str(_written_out(folder, kind, _DEAD)))  # type: ignore[no-untyped-call]  # It has no types.
        for key, value, _, _ in MmapedDict.read_all_values_from_file(str(own)):  # type: ignore[no-untyped-call]
            total.write_value(key, total.read_value(key)[0] + value, 0.0)  # type: ignore[no-untyped-call]
        total.close()  # type: ignore[no-untyped-call]
        own.unlink()
    # What it had under way is under way no longer: what the library's mark_process_dead does.
    _gauge_of(folder, pid).unlink(missing_ok=True)
    lock.unlink()


def _gauge_of(folder: Path, pid: str) -> Path:
    return folder / f"gauge_livesum_{pid}.db"


def _written_out(folder: Path, kind: str, pid: str) -> Path:
    file = folder / f"{kind}_{pid}.db"
    if not file.exists():
        unfinished = folder / f"unfinished-{pid}"
        try:
            unfinished.write_bytes(bytes(_SIZES[kind]))
            unfinished.rename(file)
        except OSError:
            # The library could not read half a file.
            unfinished.unlink(missing_ok=True)
            raise
    return file


def _wipe(folder: Path) -> None:
    for file in folder.iterdir():
        if file.name != _GATE:
            file.unlink()


def _remove_dead_groups(run_dir: Path, but: Path) -> None:
    for folder in run_dir.glob("metrics-*"):
        if folder == but:
            continue
        # Somebody else may be at it.
        with contextlib.suppress(OSError), (folder / _GATE).open("ab") as gate:
            _lock(gate)
            if not any(_is_locked(lock) for lock in _members(folder)):
                shutil.rmtree(folder, ignore_errors=True)


def _is_locked(lock: Path) -> bool:
    with lock.open("rb") as file:
        try:
            _lock(file)
        except BlockingIOError:
            return True
    return False


def _lock(file: IO[bytes]) -> None:
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
