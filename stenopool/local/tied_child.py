"""Becomes another program that dies with its parent: ``python tied_child.py PARENT_PID PROGRAM ARGUMENT…``.

A program of its own and no ``preexec_fn``: Python code between fork and exec may deadlock where the parent has
threads. The wish to die survives ``exec``; on systems without ``prctl`` the program runs untied.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Ties this process to its parent, then becomes the program."""
    parent, program = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            # The parent died before the tie was made: nobody would ever end the program.
            sys.exit(1)
    try:
        os.execvp(program[0], program)  # noqa: S606 - becoming the program, without a shell, is the purpose.
    except OSError as error:
        sys.exit(f"{program[0]}: {error.strerror}")


if __name__ == "__main__":
    main()
