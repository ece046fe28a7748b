"""Child processes of the local runner: tied to its life, in a session of their own, with a log file each."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

TIED_CHILD: Final = Path(__file__).with_name("tied_child.py")
"""The program through which a child is started."""


@dataclass(frozen=True, slots=True)
class Command:
    """What to run. ``environment`` is the whole environment, None means this process's own."""

    name: str
    argv: Sequence[str]
    log: Path
    environment: Mapping[str, str] | None = None
    directory: Path | None = None
    stdin: bytes = b""


class Child:
    """A running program that dies with this process, even with a ``kill -9`` of it (Linux)."""

    def __init__(self, command: Command) -> None:
        """Starts the program; its output is appended to its log.

        Raises:
            RuntimeError: not called from the main thread. The kernel's death signal comes when the *thread* that
                forked ends, not when the process does.
        """
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("children are started from the main thread")
        self.command = command
        command.log.parent.mkdir(parents=True, exist_ok=True)
        tied = [sys.executable, "-I", "-S", str(TIED_CHILD), str(os.getpid()), *command.argv]
        # A file without a name instead of a pipe: it needs no reader, and nobody else can open it.
        with command.log.open("ab") as log, tempfile.TemporaryFile() as stdin:
            stdin.write(command.stdin)
            stdin.seek(0)
            self._log_start = log.tell()
            self._process = subprocess.Popen(
                tied,
                stdin=stdin,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=None if command.environment is None else dict(command.environment),
                cwd=command.directory,
                # Ctrl-C in a terminal goes to the whole foreground group: only the runner shall get it.
                start_new_session=True,
            )

    @property
    def name(self) -> str:
        """The command's name."""
        return self.command.name

    @property
    def pid(self) -> int:
        """Process id, which is also the id of its session."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative is the signal that ended it."""
        return self._process.poll()

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal, if it still runs."""
        self._process.send_signal(number)

    def wait(self, limit_s: float) -> bool:
        """Whether it ended within ``limit_s`` seconds."""
        try:
            self._process.wait(timeout=limit_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def ask_to_end(self) -> None:
        """Sends SIGTERM."""
        self.signal(signal.SIGTERM)

    def stop(self, limit_s: float) -> None:
        """Asks it to end and waits; after ``limit_s`` seconds it is killed."""
        self.ask_to_end()
        if not self.wait(limit_s):
            self.kill()

    def kill(self) -> None:
        """Ends the program and everything it started that stayed in its session, at once."""
        self.shoot()
        self._process.wait()

    def shoot(self) -> None:
        """``kill`` without waiting for the end: the one that a signal handler may call while ``wait`` is interrupted."""
        if self._process.poll() is None:
            # Its id cannot belong to anybody else while it has not been waited for.
            os.killpg(self._process.pid, signal.SIGKILL)

    def log_tail(self, lines: int = 15) -> str:
        """The last lines it wrote in this run."""
        with self.command.log.open("rb") as log:
            log.seek(self._log_start)
            text = log.read().decode(errors="replace")
        return "\n".join(text.splitlines()[-lines:])
