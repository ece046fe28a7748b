"""Ranges: which bytes of a body a client asks for (RFC 9110, 14). Pure."""

import re
from dataclasses import dataclass
from typing import Final

from stenopool.errors import ErrorCode, UsageError

_ONE_RANGE: Final = re.compile(r"bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes ``first`` up to and with ``last``, counted from 0."""

    first: int
    last: int

    @property
    def length(self) -> int:
        """How many they are."""
        return self.last - self.first + 1


class RangeNotSatisfiableError(UsageError):
    """None of the bytes that were asked for exist."""

    def __init__(self, size_bytes: int) -> None:
        super().__init__(
            ErrorCode.RANGE_NOT_SATISFIABLE,
            f"there are {size_bytes} bytes",
            "ask for a range that begins before the end",
        )
        self.size_bytes = size_bytes


def wished_range(header: str | None, size_bytes: int) -> ByteRange | None:
    """The range that a ``Range`` header asks for, cut to the body; None where all of it is to be sent.

    What is no byte range is passed over, as the RFC demands, and so are several ranges at once: it allows either, and
    nobody who plays a recording asks for them, while an answer in parts can be made to cost many times the body.

    Raises:
        RangeNotSatisfiableError: it begins behind the end.
    """
    asked = _ONE_RANGE.fullmatch(header.strip()) if header else None
    if asked is None or not (asked[1] or asked[2]):
        return None
    if not asked[1]:
        first, last = max(0, size_bytes - int(asked[2])), size_bytes - 1
    else:
        first, last = int(asked[1]), min(int(asked[2] or size_bytes), size_bytes - 1)
        if asked[2] and int(asked[2]) < first:
            return None
    if first >= size_bytes:
        raise RangeNotSatisfiableError(size_bytes)
    return ByteRange(first, last)
