"""Time as the platform shows it: aware UTC. Leases never use it; they live on Redis ``TIME`` inside the scripts."""

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime.fromtimestamp(0, UTC)


def utc_now() -> datetime:
    """The host's clock, aware, UTC."""
    return datetime.now(UTC)


def from_ms(ms: int) -> datetime:
    """Milliseconds since the epoch, as the ledger stores them, as aware UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def to_ms(moment: datetime) -> int:
    """An aware moment as integer milliseconds since the epoch, cut and not rounded: it stays in its day."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)
