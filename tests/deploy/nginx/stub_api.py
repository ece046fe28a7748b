"""An API of a few lines that a test can make slow or mortal, and that remembers what it was asked."""

import json
import socket
import threading
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    began: float
    first_piece: bytes
    """What had come of the body when its head did."""


@dataclass
class StubApi:
    """Listens on ``host``; answers each request with its own host, in one connection each.

    ``dies``: reads a request and closes the connection without a word. ``slow_s``: answers after so long, or when it is stopped.
    """

    host: str
    port: int
    dies: bool = False
    slow_s: float = 0
    asked: list[Asked] = field(default_factory=list)
    _stopped: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._socket = socket.create_server((self.host, self.port), backlog=64)
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Nobody listens here any more, and who waits is answered; a second time changes nothing."""
        self._stopped.set()
        if self._socket.fileno() >= 0:
            self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            asked, length = self._read_head(connection)
            self.asked.append(asked)
            got = len(asked.first_piece)
            while got < length and (piece := connection.recv(65_536)):
                got += len(piece)
            if self.dies:
                return
            self._stopped.wait(self.slow_s)
            body = json.dumps({"from": self.host}).encode()
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            connection.sendall(head.encode() + body)

    def _read_head(self, connection: socket.socket) -> tuple[Asked, int]:
        raw = b""
        while b"\r\n\r\n" not in raw:
            raw += connection.recv(65_536)
        head, _, rest = raw.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return Asked(method, target, headers, time.monotonic(), rest), int(headers.get("content-length", "0"))
