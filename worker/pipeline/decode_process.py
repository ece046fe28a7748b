"""Runs a program that answers with one line, within a wall-clock limit; nothing of it outlives the call."""

import selectors
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

_POLL_S: Final = 0.1
_MAX_ANSWER_BYTES: Final = 65_536


@dataclass(frozen=True, slots=True)
class Ended:
    """How the program ended. ``returncode`` is negative for a signal, as in ``subprocess``."""

    returncode: int
    answer: bytes


class OverTimeError(Exception):
    """The wall-clock limit was reached."""


class DecodeStopped(Exception):  # noqa: N818 - it is no error: the caller asked for it.
    """``should_stop`` said so; nobody's fault."""


def run_bound(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    wall_s: float,
    should_stop: Callable[[], bool],
) -> Ended:
    """Runs ``command`` in ``folder`` and gives its answer of at most 64 kB; ``should_stop`` is asked every 0.1 s.

    It gets its own session, so that Ctrl-C in a terminal reaches the worker alone and is not taken for a crash.

    Raises:
        OverTimeError: it ran longer than ``wall_s`` seconds, or answered without end.
        DecodeStopped: ``should_stop`` said so.
        OSError: it could not be started.
    """
    until = time.monotonic() + wall_s
    with subprocess.Popen(
        command,
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as child:
        try:
            answer = _read_all(child.stdout, until, should_stop) if child.stdout is not None else b""
            while child.poll() is None:
                _go_on(until, should_stop)
                _wait_a_moment(child)
            return Ended(child.returncode, answer)
        finally:
            # Also on the way out of an exception from anywhere: it must not go on decoding for nobody.
            child.kill()


def _read_all(stdout: IO[bytes], until: float, should_stop: Callable[[], bool]) -> bytes:
    answer = b""
    with selectors.DefaultSelector() as selector:
        selector.register(stdout, selectors.EVENT_READ)
        while len(answer) < _MAX_ANSWER_BYTES:
            _go_on(until, should_stop)
            if not selector.select(_POLL_S):
                continue
            block = stdout.read1(_MAX_ANSWER_BYTES) if hasattr(stdout, "read1") else stdout.read(1)
            if not block:
                return answer
            answer += block
    raise OverTimeError


def _go_on(until: float, should_stop: Callable[[], bool]) -> None:
    if time.monotonic() > until:
        raise OverTimeError
    if should_stop():
        raise DecodeStopped


def _wait_a_moment(child: subprocess.Popen[bytes]) -> None:
    try:
        child.wait(_POLL_S)
    except subprocess.TimeoutExpired:
        return
