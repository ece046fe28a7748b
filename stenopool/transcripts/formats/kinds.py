"""The formats a transcript is handed out in, with what HTTP and file systems call them."""

from enum import StrEnum
from typing import Final


class Format(StrEnum):
    """A format, by the name that callers use; the order is the order of preference where a caller has none."""

    JSON = "json"
    TEXT = "text"
    SRT = "srt"
    VTT = "vtt"
    TSV = "tsv"

    @property
    def media_type(self) -> str:
        """The type to answer with, without a charset."""
        return MEDIA_TYPES[self][0]

    @property
    def content_type(self) -> str:
        """The value of ``Content-Type``: every format is UTF-8; JSON has no charset parameter (RFC 8259, section 11)."""
        return self.media_type if self is Format.JSON else f"{self.media_type}; charset=utf-8"

    @property
    def extension(self) -> str:
        """The end of a file's name, with the dot; the same as the whisper command's."""
        return ".txt" if self is Format.TEXT else f".{self.value}"


MEDIA_TYPES: Final[dict[Format, tuple[str, ...]]] = {
    Format.JSON: ("application/json",),
    Format.TEXT: ("text/plain",),
    Format.SRT: ("application/x-subrip", "text/srt", "application/srt", "text/x-subrip"),
    Format.VTT: ("text/vtt",),
    Format.TSV: ("text/tab-separated-values",),
}
"""What is answered, then what is understood besides. SRT has no registered type: ``application/x-subrip`` is what
browsers and media tools know; the others are met in the wild."""
