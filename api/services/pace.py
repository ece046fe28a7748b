"""The pace of an upload: a body that trickles, or that never ends, is given up before it holds a place for ever."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import Final

from stenopool.errors import ErrorCode, TransientError

_RETRY_AFTER_S: Final = 10


@dataclass(frozen=True, slots=True)
class Pace:
    """What an upload must keep up with."""

    min_bytes_per_s: int
    """0: no least pace."""
    window_s: float
    """Seconds that an upload may fall behind that pace, so that a short stall of the network is forgiven."""
    deadline_s: float
    """The whole body has come by then."""


async def paced(body: AsyncIterator[bytes], pace: Pace) -> AsyncGenerator[bytes, None]:
    """Passes the body on as long as it keeps the pace.

    Every byte earns its share of a second, every second of waiting for the client spends one; at most ``window_s``
    are kept. The time that the receiving side takes for itself costs the client nothing but the deadline.

    Raises:
        TransientError: ``upload_too_slow``.
    """
    ends_at = time.monotonic() + pace.deadline_s
    credit_s = pace.window_s
    while True:
        asked_at = time.monotonic()
        left_s = ends_at - asked_at
        patience_s = min(left_s, credit_s) if pace.min_bytes_per_s else left_s
        try:
            async with asyncio.timeout(max(0.0, patience_s)):
                piece = await anext(body)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise _too_slow(pace, is_over=patience_s == left_s) from error
        if pace.min_bytes_per_s:
            waited_s = time.monotonic() - asked_at
            credit_s = min(pace.window_s, credit_s - waited_s + len(piece) / pace.min_bytes_per_s)
        yield piece


def _too_slow(pace: Pace, *, is_over: bool) -> TransientError:
    what = f"took longer than {pace.deadline_s:g} s" if is_over else f"came slower than {pace.min_bytes_per_s} B/s"
    setting = "UPLOAD_DEADLINE_S" if is_over else "MIN_UPLOAD_RATE"
    return TransientError(
        ErrorCode.UPLOAD_TOO_SLOW,
        f"the upload {what}",
        f"send a compressed format over a better connection; the operator sets the limit with {setting}",
        retry_after_s=_RETRY_AFTER_S,
    )
