"""The timetable: which task of the housekeeper is due how often, and why."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from stenopool.queueing.names import HOUSE


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timetable. ``task`` is the name of a Celery task."""

    task: str
    interval: timedelta
    reason: str


REBUILD_TASK: Final = "ledger.rebuild"
"""Also called when a housekeeper begins: Redis may have been lost while none was there."""

TIMETABLE: Final = (
    Entry(
        "house.pulse",
        timedelta(seconds=10),
        "Shows that clock, broker and housekeeper work together; it counts as alive for 30 s.",
    ),
    Entry(
        "ledger.sweep",
        timedelta(seconds=30),
        "Each worker and API process sweeps every 5 s; this one stands in when all of them are busy or away.",
    ),
    Entry(
        REBUILD_TASK,
        timedelta(seconds=10),
        "A Redis that came back empty is filled again from the store within a minute; else this is one round trip.",
    ),
    Entry(
        "ledger.recount",
        timedelta(days=1),
        "Counters of waiting audio are kept by adding and subtracting; a daily count ends what may have drifted.",
    ),
    Entry(
        "usage.roll_up",
        timedelta(minutes=1),
        "What the ledger counts of a day is put into the store; a Redis that is lost loses what came since.",
    ),
    Entry(
        "store.retain",
        timedelta(seconds=30),
        "Nothing outlives what was agreed by more than half a minute; one round trip when nothing is overdue.",
    ),
    Entry(
        "store.find_orphans",
        timedelta(hours=1),
        "A process that dies at the wrong moment leaves objects that nobody names; after a day they go.",
    ),
    Entry(
        "spool.clear",
        timedelta(hours=1),
        "A killed process leaves its unfinished upload or decoding behind; after a day nobody works on it any more.",
    ),
)


def beat_schedule() -> dict[str, dict[str, object]]:
    """The timetable as Celery wants it.

    Each message expires with the next: an absent housekeeper finds one of each kind when it returns, not a backlog.
    """
    return {
        entry.task: {
            "task": entry.task,
            "schedule": entry.interval,
            "options": {"queue": HOUSE, "expires": entry.interval.total_seconds(), "ignore_result": True},
        }
        for entry in TIMETABLE
    }
