"""A model hub on a loopback port that serves one folder as one repository, and counts who comes."""

import hashlib
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Self

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub:
    """Serves ``folder`` as ``repository``; use as a context."""

    def __init__(self, repository: str, folder: Path, commit: str = COMMIT) -> None:
        hub = self
        self.repository = repository
        self.commit = commit
        self.files = {file.name: file.read_bytes() for file in sorted(folder.iterdir())}
        self.requests: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                hub.answer(self, with_body=True)

            def do_HEAD(self) -> None:
                hub.answer(self, with_body=False)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, handler: BaseHTTPRequestHandler, *, with_body: bool) -> None:
        path = handler.path.partition("?")[0]
        self.requests.append(f"{handler.command} {path}")
        name = path.removeprefix(f"/{self.repository}/resolve/{self.commit}/")
        if path.startswith(f"/api/models/{self.repository}/tree/"):
            self._send(handler, json.dumps(self._tree()).encode(), with_body=with_body)
        elif path.startswith(f"/api/models/{self.repository}"):
            self._send(handler, json.dumps(self._facts()).encode(), with_body=with_body)
        elif name in self.files:
            self._send(handler, self.files[name], with_body=with_body)
        else:
            handler.send_response(404)
            handler.send_header("X-Error-Code", "RepoNotFound")
            handler.send_header("Content-Length", "0")
            handler.end_headers()

    def _send(self, handler: BaseHTTPRequestHandler, body: bytes, *, with_body: bool) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.send_header("ETag", f'"{_blob_id(body)}"')
        handler.send_header("X-Repo-Commit", self.commit)
        handler.end_headers()
        if with_body:
            handler.wfile.write(body)

    def _facts(self) -> dict[str, object]:
        return {"id": self.repository, "sha": self.commit, "siblings": [{"rfilename": name} for name in self.files]}

    def _tree(self) -> list[dict[str, object]]:
        return [
            {"type": "file", "path": name, "size": len(body), "oid": _blob_id(body)}
            for name, body in self.files.items()
        ]


def _blob_id(body: bytes) -> str:
    """Git's name of a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(body) + body, usedforsecurity=False).hexdigest()
