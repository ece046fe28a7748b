"""A body that is the recording itself, as ``curl --data-binary`` sends it. No I/O."""

from email.message import Message
from typing import Final
from urllib.parse import unquote

from python_multipart.multipart import parse_options_header

from api.services.form import display_text
from stenopool.errors import ErrorCode, UsageError

_FAMILIES: Final = (b"audio/", b"video/")
_ANYTHING: Final = b"application/octet-stream"


class RawReader:
    """The bytes of one recording; read as ``FormReader`` is, with the same words."""

    def __init__(self, file_name: str = "") -> None:
        self.fields: list[tuple[str, str]] = []
        """None: the options of such a body stand in the query."""
        self.file_name = file_name
        self.file_size_bytes = 0
        self.file_ended = False
        self._file_bytes = bytearray()

    @property
    def waiting_bytes(self) -> int:
        """File bytes that nobody has taken yet."""
        return len(self._file_bytes)

    def head(self, size_bytes: int) -> bytes:
        """The first of the file bytes that nobody has taken yet."""
        return bytes(self._file_bytes[:size_bytes])

    def take(self) -> bytearray:
        """The file bytes that came since the last call; they are the caller's now."""
        taken, self._file_bytes = self._file_bytes, bytearray()
        return taken

    def feed(self, piece: bytes) -> None:
        """Takes the next piece of the body."""
        self._file_bytes += piece
        self.file_size_bytes += len(piece)

    def finish(self) -> None:
        """Says that the body has ended.

        Raises:
            UsageError: ``empty_file``.
        """
        self.file_ended = True
        if not self.file_size_bytes:
            raise UsageError(ErrorCode.EMPTY_FILE, "the body is empty", "check the recording")


def is_raw(content_type: str | None) -> bool:
    """Whether such a body is the recording itself; which kind it is told by its content alone."""
    kind, _ = parse_options_header(content_type)
    return kind == _ANYTHING or kind.startswith(_FAMILIES)


def raw_file_name(disposition: str | None, given: str | None) -> str:
    """The file's name out of ``Content-Disposition`` or ``X-File-Name`` (percent-encoded UTF-8), for display only."""
    header = Message()
    # The class that reads mail knows both forms of the parameter, filename and filename* (RFC 6266).
    header["Content-Disposition"] = _one_line(disposition or "")
    return display_text(header.get_filename("") or unquote(_one_line(given or ""), errors="replace"))


def _one_line(value: str) -> str:
    """A header's value: servers hand it over as Latin-1, clients mean UTF-8."""
    return value.encode("latin-1", "replace").decode("utf-8", "replace").replace("\r", "").replace("\n", "")
