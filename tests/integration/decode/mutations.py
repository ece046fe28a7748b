"""Damaged media: what a seed and a number make of a recording, the same each time. Pure."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

EDGES: Final = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFE, 0xFFFF_FFFF)
"""Numbers at which lengths, counts and rates go wrong."""

_HEAD_BYTES: Final = 512
"""Half of all damage goes here: most of a container's promises stand at its beginning (or, in MP4, at its end)."""


@dataclass(frozen=True, slots=True)
class Damaged:
    """One damaged file and how it came about."""

    name: str
    """``<number>-<recording>-<damages>``."""
    body: bytes


def damaged(corpus: Mapping[str, bytes], seed: int, number: int) -> Damaged:
    """File ``number`` of this seed: one recording of ``corpus`` with one to four damages."""
    dice = random.Random(f"{seed}/{number}")
    source = dice.choice(sorted(corpus))
    body = bytearray(corpus[source])
    done = []
    for _ in range(dice.choice((1, 1, 2, 4))):
        damage = dice.choice(_DAMAGES)
        damage(body, dice)
        done.append(damage.__name__.removeprefix("_"))
    if dice.random() < 0.1:
        _another(body, dice, corpus)
        done.append("another")
    return Damaged(f"{number}-{source}-{'+'.join(done)}", bytes(body))


def _place(body: bytearray, dice: random.Random) -> int:
    where = dice.random()
    if where < 0.5:
        return dice.randrange(min(len(body), _HEAD_BYTES) or 1)
    if where < 0.65:
        return max(0, len(body) - 1 - dice.randrange(min(len(body), _HEAD_BYTES) or 1))
    return dice.randrange(len(body) or 1)


def _bits(body: bytearray, dice: random.Random) -> None:
    for _ in range(dice.choice((1, 3, 30))):
        at = _place(body, dice)
        body[at : at + 1] = bytes(byte ^ (1 << dice.randrange(8)) for byte in body[at : at + 1])


def _noise(body: bytearray, dice: random.Random) -> None:
    at = _place(body, dice)
    piece = dice.randbytes(dice.choice((4, 64, 2048)))
    body[at : at + len(piece)] = piece


def _edge(body: bytearray, dice: random.Random) -> None:
    at = _place(body, dice)
    width = dice.choice((1, 2, 4, 8))
    number = dice.choice(EDGES) & ((1 << 8 * width) - 1)
    body[at : at + width] = number.to_bytes(width, dice.choice(("little", "big")))


def _cut(body: bytearray, dice: random.Random) -> None:
    del body[dice.randrange(len(body) or 1) :]


def _hole(body: bytearray, dice: random.Random) -> None:
    at = _place(body, dice)
    del body[at : at + dice.choice((1, 16, 4096))]


def _again(body: bytearray, dice: random.Random) -> None:
    at = _place(body, dice)
    piece = body[at : at + dice.choice((8, 512, 16_384))]
    body[at:at] = piece * dice.choice((1, 1, 20))


def _zeros(body: bytearray, dice: random.Random) -> None:
    at = _place(body, dice)
    size = min(dice.choice((4, 256, 8192)), len(body) - at)
    body[at : at + size] = bytes(size)


def _another(body: bytearray, dice: random.Random, corpus: Mapping[str, bytes]) -> None:
    """The beginning of this and the rest of another recording, so that two containers meet."""
    other = corpus[dice.choice(sorted(corpus))]
    body[_place(body, dice) :] = other[dice.randrange(len(other)) :]


_DAMAGES: Final[tuple[Callable[[bytearray, random.Random], None], ...]] = (
    *(_bits, _noise, _edge, _edge, _cut, _hole, _again, _zeros),
)
