"""Starts processes of ours without the two CPU-seconds that loading their modules takes: forks of one that has them loaded.

What runs is the same program with the same arguments, environment and log, in a process and a session of its own; the
children that it spawns load everything themselves. That the command lines start it, too, is shown by
``tests/acceptance/test_demo.py`` and ``test_up.py``, by ``tests/deploy`` and by ``tests/integration/api/test_process.py``.
"""

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from stenopool.local.processes import TIED_CHILD, Command
from tests.waiting import wait_until

ROOT: Final = Path(__file__).parents[1]
_API: Final = ("api.main", "uvicorn.main", "uvicorn.loops.auto", "uvicorn.protocols.http.auto")
_WORKER: Final = (
    *("celery.bin.worker", "celery.apps.worker", "celery.concurrency.prefork", "celery.concurrency.thread"),
    *("celery.worker.consumer", "kombu.transport.redis"),
)


class WarmChild:
    """A ``stenopool.local.processes.Child`` whose program is ``python -m MODULE ARGUMENT…`` of a loaded module."""

    def __init__(self, command: Command) -> None:
        # Warnings are errors in a worker's children as well: they are told on their command lines.
        at = command.argv.index("-m")
        python, *options = command.argv[:at]
        program = command.argv[at + 1 :]
        assert python == sys.executable
        assert options in ([], ["-W", "error"])
        assert command.environment is not None
        # One app only: as it is loaded, it connects itself to Celery's signals.
        self._forker = _forker(*((*_WORKER, program[1]) if program[0] == "stenopool.queueing.worker_program" else _API))
        self.command = command
        command.log.parent.mkdir(parents=True, exist_ok=True)
        with command.log.open("ab") as log:
            self._log_start = log.tell()
        order = {
            "start": program,
            "warnings": options[1:],
            "environment": dict(command.environment),
            "log": str(command.log.resolve()),
            "directory": str(command.directory or Path.cwd()),
        }
        self._code: int | None = None
        self.pid = int(self._forker.ask(order))

    @property
    def name(self) -> str:
        return self.command.name

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative is the signal that ended it."""
        if self._code is None:
            self._code = self._forker.ask({"wait": self.pid})
        return self._code

    def signal(self, number: signal.Signals) -> None:
        # Its id cannot belong to anybody else while its end has not been told.
        if self.exit_code is None:
            os.kill(self.pid, number)

    def wait(self, limit_s: float) -> bool:
        """Whether it ended within ``limit_s`` seconds."""
        try:
            wait_until(lambda: self.exit_code is not None, limit_s, "the end of the process")
        except AssertionError:
            return False
        return True

    def ask_to_end(self) -> None:
        self.signal(signal.SIGTERM)

    def stop(self, limit_s: float) -> None:
        self.ask_to_end()
        if not self.wait(limit_s):
            self.kill()

    def kill(self) -> None:
        """Ends it and what stayed in its session, at once."""
        if self.exit_code is None:
            os.killpg(self.pid, signal.SIGKILL)
            assert self.wait(10)

    def log_tail(self, lines: int = 15) -> str:
        """The last lines it wrote."""
        with self.command.log.open("rb") as log:
            log.seek(self._log_start)
            text = log.read().decode(errors="replace")
        return "\n".join(text.splitlines()[-lines:])


class _Forker:
    """The one that has the modules loaded; ends with this process."""

    def __init__(self, modules: Sequence[str]) -> None:
        argv = [sys.executable, "-u", "-m", "tests.warm_python", *modules]
        tied = [sys.executable, "-I", "-S", str(TIED_CHILD), str(os.getpid()), *argv]
        self._process = subprocess.Popen(
            tied, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True, start_new_session=True
        )
        self._turn = threading.Lock()
        atexit.register(self._close)

    def ask(self, order: dict[str, Any]) -> Any:
        """Its answer to an order."""
        assert self._process.stdin
        assert self._process.stdout
        with self._turn:
            print(json.dumps(order), file=self._process.stdin, flush=True)
            return json.loads(self._process.stdout.readline())

    def _close(self) -> None:
        self._process.kill()
        self._process.communicate()


@cache
def _forker(*modules: str) -> _Forker:
    return _Forker(modules)
