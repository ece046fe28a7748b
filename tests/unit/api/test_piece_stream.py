"""Bodies made piece by piece: cut evenly, told whole where they are short, and ended whenever somebody says so."""

import asyncio
from collections.abc import Generator

import anyio
import pytest

from api.services.piece_stream import PieceStream, gathered

PIECE = 64 * 1024


def collected(pieces: Generator[bytes, None, None]) -> tuple[bytes | None, list[bytes]]:
    async def collect() -> tuple[bytes | None, list[bytes]]:
        stream = PieceStream(pieces, anyio.CapacityLimiter(1))
        await stream.begin()
        return stream.whole, [piece async for piece in stream]

    return asyncio.run(collect())


@pytest.mark.parametrize("length", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 5])
@pytest.mark.parametrize("step", [100, PIECE, 200_000])
def test_texts_are_put_together_and_cut_evenly(length: int, step: int) -> None:
    text = "aé日" * (length // 3 + 1)
    text = text[:length]
    whole, pieces = collected(gathered(text[at : at + step] for at in range(0, length, step)))
    assert b"".join(pieces).decode() == text
    assert [len(piece.decode()) for piece in pieces[:-1]] == [PIECE] * (len(pieces) - 1)
    assert whole == (text.encode() if length <= PIECE else None)


def test_what_goes_wrong_at_first_is_told_before_anything_is_sent() -> None:
    def wrong() -> Generator[bytes, None, None]:
        yield b"first"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        collected(wrong())


def test_closing_ends_the_maker_wherever_it_is() -> None:
    held: list[str] = []

    def maker() -> Generator[bytes, None, None]:
        held.append("file")
        try:
            while True:
                yield b"x"
        finally:
            held.pop()

    async def use() -> None:
        stream = PieceStream(maker(), anyio.CapacityLimiter(1))
        await stream.begin()
        await anext(stream)
        assert held == ["file"]
        stream.close()
        assert held == []

    asyncio.run(use())
