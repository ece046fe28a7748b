"""Multipart bodies byte by byte, as clients and attackers send them."""

from collections.abc import AsyncIterator, Iterable

from api.services.uploads import Envelope

BOUNDARY = b"----frontier"
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(200)


def field(name: str, value: str) -> bytes:
    """A plain field, without the boundary before it."""
    return f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()


def file(content: bytes, name: str = "talk.wav", field_name: str = "file") -> bytes:
    """A file part, without the boundary before it."""
    head = f'Content-Disposition: form-data; name="{field_name}"; filename="{name}"\r\nContent-Type: audio/wav\r\n\r\n'
    return head.encode() + content + b"\r\n"


def multipart(*parts: bytes) -> bytes:
    """A whole body."""
    return b"".join(b"--" + BOUNDARY + b"\r\n" + part for part in parts) + b"--" + BOUNDARY + b"--\r\n"


def envelope(content_length: int | None = None, content_encoding: str | None = None) -> Envelope:
    """What the headers say."""
    return Envelope(f"multipart/form-data; boundary={BOUNDARY.decode()}", content_length, content_encoding)


def pieces(body: bytes, size_bytes: int) -> list[bytes]:
    """The body cut evenly."""
    return [body[at : at + size_bytes] for at in range(0, len(body), size_bytes)]


async def stream(body: Iterable[bytes]) -> AsyncIterator[bytes]:
    """The body as it comes over the wire."""
    for piece in body:
        yield piece
