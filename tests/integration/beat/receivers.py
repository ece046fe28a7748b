"""A receiver of webhooks on loopback that answers as a test says, and a listener that only counts who comes."""

import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Heard:
    """One request."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    at_ms: int = field(default_factory=lambda: time.time_ns() // 1_000_000)

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


@dataclass(frozen=True)
class Said:
    """One answer."""

    status: int = 204
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    before: Callable[[], object] = lambda: None
    """Called before the answer goes out."""


class Receiver:
    """What came, and what is answered: ``answers`` in turn, then the last of them for ever."""

    def __init__(self, answers: list[Said]) -> None:
        self.answers = answers
        self.heard: list[Heard] = []
        self.port = 0
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def ids(self) -> list[str]:
        return [heard.id for heard in self.heard]

    def take(self, heard: Heard) -> Said:
        with self._lock:
            self.heard.append(heard)
            return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def receiver(*answers: Said, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver that runs until the end of the block; it says 204 where no answer is given."""
    made = Receiver(list(answers) or [Said()])

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            said = made.take(Heard(self.path, {name.lower(): text for name, text in self.headers.items()}, body))
            said.before()
            try:
                self.send_response(said.status)
                for name, text in said.headers.items():
                    self.send_header(name, text)
                self.send_header("Content-Length", str(len(said.body)))
                self.end_headers()
                self.wfile.write(said.body)
            except OSError:
                # Whoever asked does not wait any longer.
                self.close_connection = True

        do_GET = do_POST  # noqa: N815 - the library's own naming.

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's own signature.
            """Says nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that breaks off is what some tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    made.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
