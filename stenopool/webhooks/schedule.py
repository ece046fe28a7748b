"""When a delivery is tried again, and when it is given up. Pure.

Any answer but 2xx is a failure, as Standard Webhooks has it: a receiver that answers 401 or 404 today was perhaps
deployed wrongly and is mended within the hour. 410 alone says that nobody wants to be told.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from stenopool.ledger.outbox import DeliveryOutcome

DELAYS_S: Final = (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 28_800)
"""After each failed try, in seconds: 11 tries in 23 h 42 min."""

JITTER: Final = 0.1
"""Delays are lengthened by up to this share, so that what failed together does not come back together."""

MAX_RETRY_AFTER_S: Final = 3_600
"""A receiver may ask for a longer pause than the table's, up to this."""

GONE: Final = 410


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of one try."""

    status: int | None
    """HTTP status; None where no answer came."""
    reason: str = ""
    """Code of what went wrong; empty for 2xx."""
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What follows of a try."""

    outcome: DeliveryOutcome
    delay_ms: int | None = None
    """Until the next try; None when there is none."""


def next_step(reply: Reply, failed_before: int, chance: float) -> Step:
    """What to do after the try that follows ``failed_before`` failed ones; ``chance`` is a random number in 0..1."""
    if reply.status is not None and 200 <= reply.status < 300:
        return Step(DeliveryOutcome.DELIVERED)
    if reply.status == GONE or failed_before >= len(DELAYS_S):
        return Step(DeliveryOutcome.GIVEN_UP)
    wished_s = min(reply.retry_after_s or 0.0, MAX_RETRY_AFTER_S)
    delay_s = max(DELAYS_S[failed_before], wished_s) * (1 + JITTER * chance)
    return Step(DeliveryOutcome.FAILED, round(delay_s * 1000))


def reason_of(status: int) -> str:
    """The code of an answer; empty for 2xx."""
    if 200 <= status < 300:
        return ""
    if status == GONE:
        return "gone"
    return "redirected" if 300 <= status < 400 else "bad_status"


def retry_after_s(text: str | None, now: datetime) -> float | None:
    """A Retry-After header in seconds from ``now``; None for none, for one that says nothing or lies in the past."""
    if text is None:
        return None
    if text.isascii() and text.strip().isdecimal():
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    seconds = ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
    return seconds if seconds > 0 else None
