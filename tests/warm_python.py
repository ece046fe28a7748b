"""A Python that has loaded the platform's modules already and becomes the programs it is told to: tests/warm_start.py.

Run as ``python -u -m tests.warm_python MODULE…``. Each line on standard input is an order, each is answered by one line:

- ``{"start": [MODULE, ARGUMENT…], "warnings": ["error"], "environment": {…}, "log": PATH, "directory": PATH}``: the
  process id of a child that is ``python -W error -m MODULE ARGUMENT…`` from its first statement on.
- ``{"wait": PID}``: the exit code as ``subprocess`` tells it, or ``null`` while the child runs.

It has one thread, so forking it is safe. Nothing that it loads may read the environment as it is loaded.
"""

import ctypes
import gc
import importlib
import json
import os
import runpy
import signal
import sys
import warnings
from collections.abc import Mapping
from typing import Any

from stenopool.local.tied_child import PR_SET_PDEATHSIG


def main() -> None:
    """Loads the modules, then follows orders until there are none."""
    for name in sys.argv[1:]:
        importlib.import_module(name)
    # prometheus_client looks for its folder as it is loaded.
    assert "prometheus_client" not in sys.modules
    gc.freeze()
    for line in sys.stdin:
        order = json.loads(line)
        if "wait" in order:
            _answer(_exit_code(order["wait"]))
            continue
        forker = os.getpid()
        pid = os.fork()
        if pid == 0:
            _become(order, forker)
            return
        _answer(pid)


def _answer(number: int | None) -> None:
    sys.stdout.write(f"{json.dumps(number)}\n")
    sys.stdout.flush()


def _exit_code(pid: int) -> int | None:
    ended, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


def _become(order: Mapping[str, Any], forker: int) -> None:
    os.setsid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != forker:
        sys.exit(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(order["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(log)
    # What was read ahead of the orders belongs to the parent; the program's own input is empty.
    sys.stdin = os.fdopen(0, closefd=False)
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["directory"])
    sys.path[1:1] = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    sys.warnoptions = order["warnings"]
    for action in sys.warnoptions:
        warnings.simplefilter(action)
    module, *arguments = order["start"]
    sys.argv = [module, *arguments]
    gc.unfreeze()
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
