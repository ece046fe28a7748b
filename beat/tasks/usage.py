"""Brings what the ledger counts of each day into the store. May run twice at once and as often as anybody likes."""

from beat.app import app
from beat.house import house
from stenopool.usage import roll_up as roll_up_usage


@app.task(name="usage.roll_up")  # type: ignore[untyped-decorator]  # Celery ships no types.
def roll_up() -> str:
    """Writes today as it stands, and days that are over for good."""
    written, final = roll_up_usage(house().ledger, house().store)
    return f"{written} days written, {final} of them for good"
