"""The body of a submission: a multipart form whose file is read piece by piece, never as a whole."""

import io
import json
import mimetypes
import os
import secrets
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from pathlib import Path
from typing import IO, Final

from anyio import to_thread

Source = str | os.PathLike[str] | bytes | IO[bytes]
"""A recording: a path, its bytes, or a file opened for reading in binary mode."""

Progress = Callable[[int, int | None], None]
"""Told bytes sent so far and bytes in all (None where the file cannot tell), after each piece."""

PIECE: Final = 256 * 1024


class Upload:
    """A recording and its fields, on its way. May be sent several times where ``can_repeat``."""

    def __init__(
        self, source: Source, fields: Mapping[str, object], filename: str | None, progress: Progress | None
    ) -> None:
        self._source = source
        self._progress = progress or _nobody
        self._start = _start_of(source)
        self.can_repeat = self._start is not None
        self.size = self._size()
        boundary = secrets.token_hex(16)
        self._head = _head(boundary, fields, filename or _name(source))
        self._tail = f"\r\n--{boundary}--\r\n".encode()
        self.headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        if self.size is not None:
            self.headers["Content-Length"] = str(len(self._head) + self.size + len(self._tail))

    def pieces(self) -> Generator[bytes, None, None]:
        """The body from its beginning, for a synchronous client."""
        file = self._open()
        try:
            yield self._head
            sent = 0
            while piece := file.read(PIECE):
                yield piece
                sent += len(piece)
                self._progress(sent, self.size)
            yield self._tail
        finally:
            self._close(file)

    async def pieces_later(self) -> AsyncGenerator[bytes, None]:
        """The body from its beginning, read in a thread so that the loop goes on."""
        file = await to_thread.run_sync(self._open)
        try:
            yield self._head
            sent = 0
            while piece := await to_thread.run_sync(file.read, PIECE):
                yield piece
                sent += len(piece)
                self._progress(sent, self.size)
            yield self._tail
        finally:
            self._close(file)

    def _open(self) -> IO[bytes]:
        if isinstance(self._source, bytes):
            return io.BytesIO(self._source)
        if isinstance(self._source, str | os.PathLike):
            return Path(self._source).open("rb")
        if self._start is not None:
            self._source.seek(self._start)
        return self._source

    def _close(self, file: IO[bytes]) -> None:
        if file is not self._source:
            file.close()

    def _size(self) -> int | None:
        if isinstance(self._source, bytes):
            return len(self._source)
        if isinstance(self._source, str | os.PathLike):
            return Path(self._source).stat().st_size
        if self._start is None:
            return None
        end = self._source.seek(0, io.SEEK_END)
        self._source.seek(self._start)
        return end - self._start


def _start_of(source: Source) -> int | None:
    """Where the recording begins; None for a file that cannot go back there."""
    if isinstance(source, str | os.PathLike | bytes):
        return 0
    return source.tell() if source.seekable() else None


def _nobody(_sent: int, _total: int | None) -> None:
    pass


def _name(source: Source) -> str:
    if isinstance(source, str | os.PathLike):
        return Path(source).name
    told = getattr(source, "name", None)
    return Path(told).name if isinstance(told, str) else "recording"


def _head(boundary: str, fields: Mapping[str, object], filename: str) -> bytes:
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{field_text(value)}\r\n'
        for name, value in fields.items()
        if value is not None
    ]
    kind = mimetypes.guess_type(filename)[0] or "application/octet-stream"
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{_quoted(filename)}"\r\n'
        f"Content-Type: {kind}\r\n\r\n"
    )
    return "".join(parts).encode()


def _quoted(filename: str) -> str:
    """As browsers do (HTML standard, multipart form data)."""
    # A name out of a file system may hold bytes that are no UTF-8; Python keeps them as lone surrogates.
    told = filename.encode("utf-8", "replace").decode()
    return told.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def field_text(value: object) -> str:
    """An option as the form has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
