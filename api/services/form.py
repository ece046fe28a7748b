"""Splits a multipart body, fed piece by piece, into its fields and the bytes of its one file. No I/O.

python-multipart finds the parts; what a client may send and how much of it is decided here, while it streams.
"""

import unicodedata
from typing import Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from stenopool.errors import ErrorCode, UsageError

FILE_FIELD: Final = "file"
"""Name of the part that holds the recording."""

MAX_FIELDS: Final = 20
MAX_FIELD_BYTES: Final = 64 * 1024
"""Names and values of all fields together."""

FORM_ALLOWANCE_BYTES: Final = 128 * 1024
"""What a body may hold besides its file: fields, part headers, boundaries."""

MAX_NAME_CHARS: Final = 255


class FormReader:
    """One multipart/form-data body. The file may stand first, last or between the fields."""

    def __init__(self, boundary: bytes) -> None:
        """Raises ``UsageError`` for a boundary no client makes."""
        self.fields: list[tuple[str, str]] = []
        """Fields seen so far, in the order they came."""
        self.file_name = ""
        self.file_size_bytes = 0
        self.file_seen = False
        self.file_ended = False
        self.complete = False
        """Whether the closing boundary has come."""
        self._file_bytes = bytearray()
        self._field_bytes = 0
        self._parts = 0
        self._headers: dict[bytes, bytes] = {}
        self._header_name = bytearray()
        self._header_value = bytearray()
        self._field_name: str | None = None
        self._field_value = bytearray()
        self._parser = self._make_parser(boundary)

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
        """Takes the next piece of the body.

        Raises:
            UsageError: ``malformed_upload``, ``invalid_request`` (too many or too large fields, a second file) or
                ``missing_file`` (a file under another name).
        """
        try:
            self._parser.write(piece)
        except FormParserError as error:
            raise _malformed("the multipart body is broken") from error

    def finish(self) -> None:
        """Says that the body has ended.

        Raises:
            UsageError: ``malformed_upload`` for half a body, ``missing_file`` or ``empty_file``.
        """
        if not self.complete:
            raise _malformed("the body ended before its closing boundary")
        if not self.file_seen or (not self.file_size_bytes and not self.file_name):
            # A browser sends an unnamed, empty part where no file was chosen.
            raise UsageError(ErrorCode.MISSING_FILE, "no file was sent", f"send it in the form field {FILE_FIELD!r}")
        if not self.file_size_bytes:
            raise UsageError(ErrorCode.EMPTY_FILE, "the file is empty", "check the recording")

    def _make_parser(self, boundary: bytes) -> MultipartParser:
        try:
            return MultipartParser(
                boundary,
                {
                    "on_part_begin": self._on_part_begin,
                    "on_part_data": self._on_part_data,
                    "on_part_end": self._on_part_end,
                    "on_header_field": self._on_header_field,
                    "on_header_value": self._on_header_value,
                    "on_header_end": self._on_header_end,
                    "on_headers_finished": self._on_headers_finished,
                    "on_end": self._on_end,
                },
            )
        except FormParserError as error:
            raise _malformed("the boundary is too long") from error

    def _on_part_begin(self) -> None:
        self._parts += 1
        if self._parts > MAX_FIELDS + 1:
            raise UsageError(ErrorCode.INVALID_REQUEST, f"a form has at most {MAX_FIELDS} fields and a file")
        self._headers = {}

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[bytes(self._header_name).lower()] = bytes(self._header_value).strip()
        self._header_name.clear()
        self._header_value.clear()

    def _on_headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        if b"name" not in options:
            raise _malformed("a part of the form has no name")
        if self._headers.get(b"content-transfer-encoding", b"binary").lower() not in (b"binary", b"8bit", b"7bit"):
            raise UsageError(ErrorCode.UNSUPPORTED_ENCODING, "parts of the form are sent as they are, not encoded")
        name = _text(options[b"name"])
        if name == FILE_FIELD:
            self._begin_file(options.get(b"filename", b""))
        elif b"filename" in options:
            hint = f"rename the field to {FILE_FIELD!r}"
            raise UsageError(ErrorCode.MISSING_FILE, f"the file stands in the field {name[:40]!r}", hint)
        else:
            self._field_name = name
            self._count_field_bytes(len(options[b"name"]))

    def _begin_file(self, name: bytes) -> None:
        if self.file_seen:
            raise UsageError(ErrorCode.INVALID_REQUEST, "more than one file was sent", "submit one file at a time")
        self.file_seen = True
        self.file_name = display_text(_text(name))

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        # A view: slicing the bytes would copy every block once more.
        block = memoryview(data)[start:end]
        if self._field_name is None:
            self._file_bytes += block
            self.file_size_bytes += end - start
        else:
            self._count_field_bytes(end - start)
            self._field_value += block

    def _on_part_end(self) -> None:
        if self._field_name is None:
            self.file_ended = True
            return
        self.fields.append((self._field_name, _text(bytes(self._field_value))))
        self._field_name = None
        self._field_value.clear()

    def _on_end(self) -> None:
        self.complete = True

    def _count_field_bytes(self, size_bytes: int) -> None:
        self._field_bytes += size_bytes
        if self._field_bytes > MAX_FIELD_BYTES:
            limit = f"the fields of a form hold at most {MAX_FIELD_BYTES // 1024} kB together"
            raise UsageError(ErrorCode.INVALID_REQUEST, limit)


def boundary_of(content_type: str | None) -> bytes:
    """The boundary out of a Content-Type.

    Raises:
        UsageError: ``unsupported_encoding`` for another type than multipart/form-data, ``malformed_upload`` without a
            boundary.
    """
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data":
        raise UsageError(
            ErrorCode.UNSUPPORTED_ENCODING,
            "the body is neither multipart/form-data nor audio/*, video/* or application/octet-stream",
            f"send a form with the recording in the field {FILE_FIELD!r}, as curl -F {FILE_FIELD}=@talk.mp3 does, "
            "or the recording itself under its own Content-Type",
        )
    boundary = options.get(b"boundary", b"")
    if not boundary:
        raise _malformed("the Content-Type names no boundary")
    return boundary


def display_text(name: str) -> str:
    """A file name as it may be shown: no folders, no control or invisible characters, at most 255 characters.

    It is display text only; no path is ever made of it.
    """
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    visible = "".join(char for char in last if unicodedata.category(char)[0] != "C")
    return visible.strip()[:MAX_NAME_CHARS]


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _malformed(message: str) -> UsageError:
    return UsageError(ErrorCode.MALFORMED_UPLOAD, message, "send a complete multipart/form-data body")
