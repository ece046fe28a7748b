"""What a tenant may have and has had: limits of a submission, and what the days have counted. Pure."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

_FIRST_DAY: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Quotas:
    """What a tenant may have; 0 is no limit."""

    open_jobs: int = 0
    """Jobs that have not ended."""
    audio_ms: int = 0
    """Audio measured on one day (UTC), and expected of what is not measured yet."""
    stored_bytes: int = 0
    """Recordings in the store."""


NO_QUOTAS: Final = Quotas()
"""A tenant without limits."""


@dataclass(frozen=True, slots=True)
class UseRecounted:
    """Answer of ``recount_use``: how many counters were wrong until then."""

    wrong: int


@dataclass(frozen=True, slots=True)
class DayCounts:
    """What a tenant had done on one day. Counters only grow, and stand still once the day is over."""

    jobs: int = 0
    """Jobs taken in."""
    hit: int = 0
    """Those answered by a completed transcription."""
    joined: int = 0
    """Those that joined a running one."""
    failed: int = 0
    """Jobs that failed on this day, whenever they were taken in."""
    bytes: int = 0
    """Size of the recordings of the jobs taken in."""
    audio_ms: int = 0
    """Length of the recordings whose transcription was completed."""


@dataclass(frozen=True, slots=True)
class LedgerDays:
    """Answer of ``usage``. A day is its number since 1970; counters are named ``<name>:<tenant>``."""

    epoch: str | None
    today: int
    days: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def by_tenant(self) -> dict[date, dict[str, DayCounts]]:
        """What was counted, by day and tenant."""
        return {date_of(int(number)): _by_tenant(counts) for number, counts in self.days.items()}


def date_of(day_number: int) -> date:
    """The day of a number since 1970."""
    return _FIRST_DAY + timedelta(days=day_number)


def day_number(day: date) -> int:
    """The number of a day since 1970."""
    return (day - _FIRST_DAY).days


def _by_tenant(counts: Mapping[str, int]) -> dict[str, DayCounts]:
    known = DayCounts.__dataclass_fields__
    found: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for full_name, number in counts.items():
        name, _, tenant = full_name.partition(":")
        # What else a day counts is for quotas.
        if name in known:
            found[tenant][name] = number
    return {tenant: DayCounts(**numbers) for tenant, numbers in found.items()}
