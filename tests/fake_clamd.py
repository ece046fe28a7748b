"""A small server that speaks clamd's language and knows one virus: the EICAR test string."""

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from stenopool.local.ports import LOOPBACK, free_port

# In two pieces, so that no scanner takes this file for the real thing (eicar.org).
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def read_exactly(wire: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        block = wire.recv(size - len(found))
        if not block:
            raise EOFError
        found += block
    return found


@dataclass
class FakeClamd:
    """Listens on a TCP port of loopback, or with ``path`` on a Unix socket."""

    path: Path | None = None
    port: int = field(default_factory=free_port)
    stream_max_bytes: int = 1 << 20
    answer: Callable[[bytes], bytes] | None = None
    """What it says of a stream, instead of the truth."""
    scanned: list[bytes] = field(default_factory=list)
    _server: socket.socket | None = None

    @property
    def address(self) -> str:
        return f"clamd://{self.path}" if self.path else f"clamd://{LOOPBACK}:{self.port}"

    def start(self) -> None:
        if self.path:
            self._server = socket.socket(socket.AF_UNIX)
            self._server.bind(str(self.path))
            self._server.listen()
        else:
            self._server = socket.create_server((LOOPBACK, self.port))
        threading.Thread(target=self._serve, args=(self._server,), daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            # Closing alone does not wake the thread that accepts.
            self._server.shutdown(socket.SHUT_RDWR)
            self._server.close()
            self._server = None

    def _serve(self, server: socket.socket) -> None:
        while True:
            try:
                wire, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=self._speak, args=(wire,), daemon=True).start()

    def _speak(self, wire: socket.socket) -> None:
        with wire:
            try:
                command = b""
                while not command.endswith(b"\0"):
                    command += read_exactly(wire, 1)
                if command == b"zPING\0":
                    wire.sendall(b"PONG\0")
                elif command == b"zINSTREAM\0":
                    wire.sendall(self._verdict(wire) + b"\0")
                else:
                    wire.sendall(b"UNKNOWN COMMAND\0")
            except (EOFError, OSError):
                return

    def _verdict(self, wire: socket.socket) -> bytes:
        body = b""
        while size := int.from_bytes(read_exactly(wire, 4), "big"):
            if len(body) + size > self.stream_max_bytes:
                return b"INSTREAM size limit exceeded. ERROR"
            body += read_exactly(wire, size)
        self.scanned.append(body)
        if self.answer is not None:
            return self.answer(body)
        return b"stream: Eicar-Test-Signature FOUND" if EICAR in body else b"stream: OK"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
