"""A process's sign of life for whoever supervises it: a small file that is renewed while its rounds go on.

A file and not a key in Redis: a process that waits for Redis is in order, and starting it anew would help nobody.
Moments are ``time.monotonic()``, which on Linux and macOS counts alike in all processes of a machine.
"""

import contextlib
import os
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

EVERY_S: Final = 2.0
"""The file is written at most this often, however fast the rounds are."""

_READY: Final = "ready"


@dataclass(frozen=True, slots=True)
class LastBeat:
    """The newest sign of life of a kind of process on this host."""

    silent_s: float
    is_ready: bool


class Heartbeat:
    """This process's own sign of life."""

    def __init__(self, run_dir: Path, process: str) -> None:
        # The host is part of the name: containers share the folder, and often their pids too.
        self._file = run_dir / f"alive-{process}-{socket.gethostname()}-{os.getpid()}"
        self._next = 0.0

    def beat(self, *, is_ready: bool = True) -> None:
        """Says that the process lives, and whether it can do its work. A disk that takes nothing is no death."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + EVERY_S
        unfinished = self._file.with_name(f".{self._file.name}")
        with contextlib.suppress(OSError):
            unfinished.write_text(f"{now} {_READY if is_ready else 'starting'}", "ascii")
            unfinished.replace(self._file)

    def stop(self) -> None:
        """The process ends in order."""
        with contextlib.suppress(OSError):
            self._file.unlink(missing_ok=True)


def last_beat(run_dir: Path, process: str) -> LastBeat | None:
    """The newest sign of life of ``process`` on this host; None where there is none.

    One from before the machine was started looks as if it came from the future, and does not count.
    """
    now = time.monotonic()
    beats = [
        LastBeat(now - at, word == _READY)
        for file in run_dir.glob(f"alive-{process}-{socket.gethostname()}-*")
        for at, word in [_read(file)]
        if at <= now
    ]
    return min(beats, key=lambda beat: beat.silent_s, default=None)


def _read(file: Path) -> tuple[float, str]:
    with contextlib.suppress(OSError, ValueError):
        at, _, word = file.read_text("ascii").partition(" ")
        return float(at), word
    return float("inf"), ""
