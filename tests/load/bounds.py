"""What the load may never exceed, whatever it is told: where it goes, how long, how many requests."""

from typing import Final
from urllib.parse import urlsplit

from stenopool.local.ports import LOOPBACK

LONGEST_S: Final = 600
MOST_REQUESTS: Final = 50_000
LONGEST_RECORDING_S: Final = 30.0


class OutOfBoundsError(Exception):
    """The load was asked for something that it does not do."""


def must_be_here(host: str | None) -> None:
    """Refuses every address but http://127.0.0.1:PORT: load against others is an attack.

    A name is refused, too: what it stands for may change.
    """
    try:
        parts = urlsplit(host or "")
        is_here = (parts.scheme, parts.hostname) == ("http", LOOPBACK) and parts.username is None and bool(parts.port)
    except ValueError:
        is_here = False
    if not is_here:
        raise OutOfBoundsError(f"load goes to http://{LOOPBACK}:PORT alone, not to {host}")


def must_end(run_s: float | None, requests: int, recording_s: float) -> None:
    """Refuses a load without an end."""
    if not run_s or not 0 < run_s <= LONGEST_S:
        raise OutOfBoundsError(f"--run-time must be given, up to {LONGEST_S} s")
    if not 0 < requests <= MOST_REQUESTS:
        raise OutOfBoundsError(f"--most-requests must be 1 to {MOST_REQUESTS}")
    if not 0 < recording_s <= LONGEST_RECORDING_S:
        raise OutOfBoundsError(f"--recording-s must be above 0 and up to {LONGEST_RECORDING_S:g}")
