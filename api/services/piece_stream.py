"""A body that is made in threads, piece by piece, at the pace of whoever takes it."""

from collections.abc import Generator, Iterable

import anyio
import anyio.to_thread

_PIECE_CHARS = 64 * 1024


class PieceStream:
    """Pieces of a generator, each made in a thread while one of a few places is held. Close it, however it ends."""

    def __init__(self, pieces: Generator[bytes, None, None], places: anyio.CapacityLimiter) -> None:
        self._pieces = pieces
        self._places = places
        self._made: list[bytes | None] = []

    async def begin(self) -> None:
        """Makes the first two pieces, so that what is wrong with the body is told before anything of it is sent."""
        for _ in range(2):
            self._made.append(await self._make())

    @property
    def whole(self) -> bytes | None:
        """All of the body where one piece is all; None where there is more."""
        first, second = self._made
        return (first or b"") if second is None else None

    def __aiter__(self) -> "PieceStream":
        return self

    async def __anext__(self) -> bytes:
        """The next piece. Raises whatever makes it raises."""
        piece = self._made.pop(0) if self._made else await self._make()
        if piece is None:
            raise StopAsyncIteration
        return piece

    def close(self) -> None:
        """Ends the generator, and with it whatever it holds open."""
        self._pieces.close()

    async def _make(self) -> bytes | None:
        return await anyio.to_thread.run_sync(self._next, limiter=self._places)

    def _next(self) -> bytes | None:
        return next(self._pieces, None)


def gathered(texts: Iterable[str]) -> Generator[bytes, None, None]:
    """Small texts put together, long ones cut: pieces of at most 64 K characters, as UTF-8."""
    kept: list[str] = []
    length = 0
    for text in texts:
        kept.append(text)
        length += len(text)
        while length >= _PIECE_CHARS:
            joined = "".join(kept)
            yield joined[:_PIECE_CHARS].encode()
            kept, length = [joined[_PIECE_CHARS:]], length - _PIECE_CHARS
    if length:
        yield "".join(kept).encode()
