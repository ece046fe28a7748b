"""The virus scanner's address and language: clamd, ClamAV's daemon. Pure; what the API and prepare workers share.

The language is told in clamd's manual (clamd(8); docs.clamav.net, "ClamD Protocol"): commands and answers end with a
NUL where the command begins with ``z``; ``INSTREAM`` is followed by pieces, each behind its length in four bytes.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from stenopool.errors import ErrorCode, TransientError

PING: Final = b"zPING\0"
PONG: Final = b"PONG\0"
INSTREAM: Final = b"zINSTREAM\0"
END: Final = bytes(4)
"""A piece of no length ends the stream."""

MAX_ANSWER_BYTES: Final = 4096
_DEFAULT_PORT: Final = 3310
_FOUND: Final = " FOUND"
_TOO_LARGE: Final = "size limit exceeded"
_NOT_ALL_SCANNED: Final = "Heuristics.Limits.Exceeded"
"""Begins what clamd claims to have found where ``AlertExceedsMax`` is set and it gave up: after so many bytes, so long."""
_RETRY_S: Final = 30


@dataclass(frozen=True, slots=True)
class ScannerAddress:
    """Where clamd listens: a TCP port, or with ``path`` a Unix socket."""

    host: str
    port: int
    path: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the scanner says of a file. Clean when it is neither infected nor too large to tell."""

    found: str = ""
    """Name of what was found, for the log."""
    is_too_large: bool = False


def scanner_address(text: str) -> ScannerAddress:
    """Reads ``clamd://host``, ``clamd://host:port`` or ``clamd:///path/of/its/socket``.

    Raises:
        ValueError: it is neither.
    """
    parts = urlsplit(text)
    has_rest = bool(parts.query or parts.fragment or parts.username is not None)
    if parts.scheme != "clamd" or has_rest or bool(parts.hostname) == (len(parts.path) > 1):
        raise ValueError("SCANNER is an address such as clamd://localhost:3310 or clamd:///run/clamav/clamd.ctl")
    if parts.hostname:
        return ScannerAddress(parts.hostname, parts.port or _DEFAULT_PORT, "")
    return ScannerAddress("", 0, parts.path)


def piece(data: bytes) -> bytes:
    """A piece of a stream as it goes over the wire."""
    return len(data).to_bytes(4, "big") + data


def verdict_of(answer: bytes) -> Verdict:
    """What an answer to ``INSTREAM`` says.

    Raises:
        TransientError: ``scanner_unavailable``: the scanner could not do its work, or this is no clamd.
    """
    text = answer.partition(b"\0")[0].decode("utf-8", "replace").strip()
    if text == "stream: OK":
        return Verdict()
    if text.startswith("stream: ") and text.endswith(_FOUND):
        name = text.removeprefix("stream: ").removesuffix(_FOUND)
        if name.startswith(_NOT_ALL_SCANNED):
            return Verdict(is_too_large=True)
        return Verdict(found="".join(letter for letter in name if letter.isprintable())[:100])
    if _TOO_LARGE in text:
        return Verdict(is_too_large=True)
    raise scanner_unavailable()


def scanner_unavailable() -> TransientError:
    """The scanner is away; recordings wait for it."""
    return TransientError(
        ErrorCode.SCANNER_UNAVAILABLE, "the virus scanner does not answer", "try again later", retry_after_s=_RETRY_S
    )
