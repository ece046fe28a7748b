"""Asks clamd about a file, from a prepare worker.

An own client of some sixty lines because those there are send a whole file before they look up: this one stops when the
work must, and hears the scanner say that a file is too large while it still sends.
"""

import select
import socket
import time
from collections.abc import Callable
from typing import BinaryIO, Final

from stenopool.scanner import (
    END,
    INSTREAM,
    MAX_ANSWER_BYTES,
    ScannerAddress,
    Verdict,
    piece,
    scanner_unavailable,
    verdict_of,
)
from worker.units.bench import WorkStoppedError

SCAN_LIMIT_S: Final = 300.0
"""A file of 100 MB takes clamd seconds; what takes longer than this is no scan."""

_CONNECT_LIMIT_S: Final = 5.0
_POLL_S: Final = 0.2
_PIECE_BYTES: Final = 1 << 16


def scan(
    address: ScannerAddress, file: BinaryIO, should_stop: Callable[[], bool], limit_s: float = SCAN_LIMIT_S
) -> Verdict:
    """Streams the file to the scanner and gives its verdict; ``should_stop`` is asked five times a second.

    Raises:
        TransientError: ``scanner_unavailable``: nobody answers there, too late, or nothing that makes sense.
        WorkStoppedError: ``should_stop`` said so.
    """
    until = time.monotonic() + limit_s
    try:
        with _connected(address) as wire:
            _send(wire, file, until, should_stop)
            return verdict_of(_answer(wire, until, should_stop))
    except OSError as error:
        raise scanner_unavailable() from error


def _connected(address: ScannerAddress) -> socket.socket:
    if not address.path:
        return socket.create_connection((address.host, address.port), timeout=_CONNECT_LIMIT_S)
    wire = socket.socket(socket.AF_UNIX)
    try:
        wire.settimeout(_CONNECT_LIMIT_S)
        wire.connect(address.path)
    except BaseException:
        wire.close()
        raise
    return wire


def _send(wire: socket.socket, file: BinaryIO, until: float, should_stop: Callable[[], bool]) -> None:
    """Sends until the end of the file or until the scanner has already said something."""
    waiting = memoryview(INSTREAM)
    wire.setblocking(False)
    is_done = False
    while waiting or not is_done:
        if not waiting:
            data = file.read(_PIECE_BYTES)
            is_done = not data
            waiting = memoryview(piece(data) if data else END)
        _go_on(until, should_stop)
        readable, writable, _ = select.select([wire], [wire], [], _POLL_S)
        if readable:
            return
        if writable:
            try:
                waiting = waiting[wire.send(waiting) :]
            except (BrokenPipeError, ConnectionResetError):
                # It has hung up on what it does not want any more, and may have said why.
                return


def _answer(wire: socket.socket, until: float, should_stop: Callable[[], bool]) -> bytes:
    answer = b""
    while b"\0" not in answer and len(answer) < MAX_ANSWER_BYTES:
        _go_on(until, should_stop)
        if select.select([wire], [], [], _POLL_S)[0]:
            block = wire.recv(MAX_ANSWER_BYTES)
            if not block:
                break
            answer += block
    return answer


def _go_on(until: float, should_stop: Callable[[], bool]) -> None:
    if should_stop():
        raise WorkStoppedError
    if time.monotonic() > until:
        raise scanner_unavailable()
