"""Server-Sent Events out of bytes, as the HTML standard has it (section 9.2.6); no I/O, so both clients share it."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One event as it came."""

    event: str
    data: str
    id: str | None
    """The last id that was told, by this event or an earlier one."""


class SseParser:
    """Takes the body in pieces of any size; a piece may end in the middle of a sign."""

    def __init__(self, last_id: str | None = None) -> None:
        self.last_id = last_id
        self.retry_s: float | None = None
        """How long the server said to wait before coming back."""
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")(errors="replace")
        self._rest = ""
        self._event = ""
        self._data: list[str] = []

    def feed(self, piece: bytes) -> Iterator[ServerSentEvent]:
        """Events that are whole with this piece."""
        text = self._rest + self._decoder.decode(piece)
        # A line feed may follow in the next piece.
        held = "\r" if text.endswith("\r") else ""
        lines = text.removesuffix("\r").replace("\r\n", "\n").replace("\r", "\n").split("\n")
        self._rest = lines.pop() + held
        for line in lines:
            if line:
                self._take(line)
                continue
            if self._data:
                yield ServerSentEvent(self._event or "message", "\n".join(self._data), self.last_id)
            self._event, self._data = "", []

    def _take(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._event = value
        elif name == "data":
            self._data.append(value)
        elif name == "id" and "\0" not in value:
            self.last_id = value
        elif name == "retry" and value.isascii() and value.isdecimal():
            self.retry_s = int(value) / 1000
