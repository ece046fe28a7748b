"""Receives one recording: from the request's byte stream to a hashed file in the spool, never in memory."""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from api.services.form import FORM_ALLOWANCE_BYTES, FormReader, boundary_of
from api.services.pace import Pace, paced
from api.services.raw_body import RawReader, is_raw, raw_file_name
from api.services.spool import Spool, SpoolFile
from stenopool.errors import ErrorCode, UsageError
from stenopool.ids import new_id
from stenopool.media.kinds import HEAD_BYTES, KINDS, Kind, sniff

_BLOCK_BYTES: Final = 1024 * 1024
"""Bytes gathered before a thread writes them: the most of a body that is ever in memory, beside the server's buffer."""

_ROOM_CHECK_BYTES: Final = 32 * _BLOCK_BYTES
"""Free disk is looked at again after so many bytes."""

_MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a request says about its body before the body comes; none of it is believed."""

    content_type: str | None = None
    content_length: int | None = None
    content_encoding: str | None = None
    content_disposition: str | None = None
    file_name: str | None = None
    """``X-File-Name``."""
    query: tuple[tuple[str, str], ...] = ()
    """Fields that stand in the address."""


class BodyReader(Protocol):
    """A body on its way in: ``FormReader`` or ``RawReader``."""

    fields: list[tuple[str, str]]
    file_name: str
    file_size_bytes: int
    file_ended: bool

    @property
    def waiting_bytes(self) -> int:
        """File bytes that nobody has taken yet."""
        ...

    def head(self, size_bytes: int) -> bytes:
        """The first of the file bytes that nobody has taken yet."""
        ...

    def take(self) -> bytearray:
        """The file bytes that came since the last call."""
        ...

    def feed(self, piece: bytes) -> None:
        """Takes the next piece of the body."""
        ...

    def finish(self) -> None:
        """Says that the body has ended."""
        ...


@dataclass(frozen=True, slots=True)
class Upload:
    """A recording received whole, and the fields that came with it."""

    upload_id: str
    path: Path
    """The spool file; whoever keeps it moves it away."""
    name: str
    """File name as given, for display only."""
    kind: Kind
    size_bytes: int
    fingerprint: str
    """SHA-256 of the bytes, hex."""
    fields: tuple[tuple[str, str], ...]
    """Those of the address, then those of the form."""


class Uploads:
    """The way in. ``max_file_bytes`` is counted while the body streams, whatever its length was said to be."""

    def __init__(self, spool: Spool, max_file_bytes: int, pace: Pace) -> None:
        self._spool = spool
        self._max_file_bytes = max_file_bytes
        self._pace = pace

    @asynccontextmanager
    async def receive(self, envelope: Envelope, body: AsyncIterator[bytes]) -> AsyncIterator[Upload]:
        """The recording in ``body``. Its spool file lives until the block ends, unless it was moved away.

        Raises:
            UsageError: the body is not one acceptable recording; raised as soon as that is known.
            TransientError: ``upload_too_slow``, ``disk_full`` or ``store_unavailable``.
        """
        reader = self._admit(envelope)
        await self._spool.require_room(envelope.content_length or 0)
        upload_id = new_id()
        async with self._spool.open(upload_id) as file, aclosing(paced(body, self._pace)) as steady:
            kind = await self._stream(steady, reader, file)
        try:
            yield Upload(
                upload_id=upload_id,
                path=file.path,
                name=reader.file_name,
                kind=kind,
                size_bytes=file.fingerprint.size_bytes,
                fingerprint=file.fingerprint.hexdigest(),
                fields=(*envelope.query, *reader.fields),
            )
        finally:
            await self._spool.remove(file.path)

    def _admit(self, envelope: Envelope) -> BodyReader:
        if (envelope.content_encoding or "identity").strip().lower() != "identity":
            raise UsageError(
                ErrorCode.UNSUPPORTED_ENCODING, "a compressed body is not taken", "send without Content-Encoding"
            )
        if is_raw(envelope.content_type):
            reader: BodyReader = RawReader(raw_file_name(envelope.content_disposition, envelope.file_name))
        else:
            reader = FormReader(boundary_of(envelope.content_type))
        if (envelope.content_length or 0) > self._max_file_bytes + FORM_ALLOWANCE_BYTES:
            raise self._too_large()
        return reader

    async def _stream(self, body: AsyncIterator[bytes], reader: BodyReader, file: SpoolFile) -> Kind:
        kind: Kind | None = None
        body_bytes = 0
        room_known_bytes = _ROOM_CHECK_BYTES
        async for piece in body:
            body_bytes += len(piece)
            reader.feed(piece)
            # The second limit is for bodies that are large without a large file: endless boundaries, an epilogue.
            if max(reader.file_size_bytes, body_bytes - FORM_ALLOWANCE_BYTES) > self._max_file_bytes:
                raise self._too_large()
            if kind is None and (reader.waiting_bytes >= HEAD_BYTES or (reader.file_ended and reader.waiting_bytes)):
                kind = _known_kind(reader)
            if reader.waiting_bytes >= _BLOCK_BYTES:
                await file.write(reader.take())
            if body_bytes >= room_known_bytes:
                await self._spool.require_room(0)
                room_known_bytes = body_bytes + _ROOM_CHECK_BYTES
        reader.finish()
        # finish() refuses a body without file bytes; few ones are all here still.
        kind = kind or _known_kind(reader)
        if reader.waiting_bytes:
            await file.write(reader.take())
        return kind

    def _too_large(self) -> UsageError:
        return UsageError(
            ErrorCode.FILE_TOO_LARGE,
            f"the file is larger than {self._max_file_bytes // _MIB} MiB",
            "send a compressed format, or split the recording; the operator sets the limit with MAX_FILE_SIZE_MB",
        )


def _known_kind(reader: BodyReader) -> Kind:
    kind = sniff(reader.head(HEAD_BYTES))
    if kind is None:
        names = ", ".join(kind.name for kind in KINDS)
        raise UsageError(
            ErrorCode.NOT_AUDIO, "the file is not a recording in a known format", f"known formats are {names}"
        )
    return kind
