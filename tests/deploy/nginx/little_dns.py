"""A DNS server of a test's own: what a container engine's does for its networks, on a loopback port."""

import socket
import socketserver
import struct
import threading
from types import TracebackType
from typing import Final, Self

from stenopool.local.ports import LOOPBACK

_LIVES_S: Final = 600
"""As Docker's says; nginx is told not to believe it."""


class LittleDns:
    """Answers A questions out of ``names``, which may be changed at any time; what is not there does not exist."""

    def __init__(self) -> None:
        self.names: dict[str, list[str]] = {}
        names = self.names

        class Answer(socketserver.DatagramRequestHandler):
            def handle(self) -> None:
                self.wfile.write(answer(self.rfile.read(), names))

        self._server = socketserver.UDPServer((LOOPBACK, 0), Answer)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def answer(question: bytes, names: dict[str, list[str]]) -> bytes:
    """The answer to a datagram (RFC 1035, 4)."""
    name, end = _name(question)
    addresses = names.get(name, []) if question[end : end + 2] == b"\0\1" else []
    head = question[:2] + struct.pack(">HHHHH", 0x8180 | (0 if name in names else 3), 1, len(addresses), 0, 0)
    # 0xC00C points at the name in the question.
    records = (struct.pack(">HHHIH", 0xC00C, 1, 1, _LIVES_S, 4) + socket.inet_aton(address) for address in addresses)
    return head + question[12 : end + 4] + b"".join(records)


def _name(question: bytes) -> tuple[str, int]:
    labels, at = [], 12
    while question[at]:
        labels.append(question[at + 1 : at + 1 + question[at]].decode("ascii").lower())
        at += 1 + question[at]
    return ".".join(labels), at + 1
