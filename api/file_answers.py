"""Sends a stretch of an open file, read in a thread piece by piece."""

from collections.abc import AsyncIterator, Mapping
from typing import BinaryIO, Final

import anyio.to_thread
from starlette.responses import Response

from api.closing_stream import ClosingStream
from api.ranges import ByteRange

PIECE_BYTES: Final = 256 * 1024
"""In memory for each client at a time; a hop to a thread costs about 0.1 ms."""


def file_answer(file: BinaryIO, part: ByteRange, status_code: int, headers: Mapping[str, str]) -> Response:
    """The bytes of ``part`` of ``file``, which the answer owns from now on and closes."""
    length = {"Content-Length": str(part.length)}
    return ClosingStream(_pieces(file, part), file.close, status_code, {**headers, **length})


async def _pieces(file: BinaryIO, part: ByteRange) -> AsyncIterator[bytes]:
    await anyio.to_thread.run_sync(file.seek, part.first)
    left = part.length
    while left:
        piece = await anyio.to_thread.run_sync(file.read, min(left, PIECE_BYTES))
        if not piece:
            # Ends the connection: a short body must not look like a whole one.
            raise EOFError("the file is shorter than it was")
        left -= len(piece)
        yield piece
