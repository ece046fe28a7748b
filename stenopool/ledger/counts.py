"""What the ledger has counted since it began: names of the counters, and how they are read. Pure.

``scripts/shared/counts.lua`` is the twin that the scripts count with, a test compares the two. Counters live in one
hash; they are for looking, nothing is decided by them.
"""

from collections.abc import Mapping
from typing import Final

SUBMITTED: Final = "submitted"
"""``submitted.<outcome>``: jobs taken in."""
ATTEMPT: Final = "attempt"
"""``attempt.<unit kind>``: attempts begun."""
EXPIRED: Final = "expired"
"""``expired.<unit kind>``: claims whose holder died or fell silent."""
ENDED: Final = "ended"
"""``ended.<state>.<code>``: runs ended; the code is empty but for failed ones."""
WEBHOOK: Final = "webhook"
"""``webhook.<outcome>``: tries to deliver."""
REMOVED: Final = "removed"
"""``removed.<kind>``: things that went, by their names in ``due``; ``orphan_<what>`` for those nobody knew."""
RUN_TIME: Final = "run_s"
"""``run_s.<state>.<bucket>``: runs by how long they took; the bucket is its number in ``RUN_SECONDS``, from 1."""
RUN_TIME_SUM: Final = "run_ms"
"""``run_ms.<state>``: milliseconds that all runs with this ending took together."""

RUN_SECONDS: Final = (1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0)
"""Upper bounds of the buckets of times, a second to an hour; one more bucket holds what takes longer."""


def counted(counts: Mapping[str, int], group: str, parts: int = 1) -> dict[tuple[str, ...], int]:
    """The counters of a group by the rest of their names, taken apart into ``parts``."""
    taken: dict[tuple[str, ...], int] = {}
    for name, number in counts.items():
        found_group, *rest = name.split(".", parts)
        if found_group == group and len(rest) == parts:
            taken[tuple(rest)] = number
    return taken


def run_times(counts: Mapping[str, int]) -> dict[str, tuple[tuple[int, ...], float]]:
    """By state: how many runs in each bucket of ``RUN_SECONDS`` and beyond, and the seconds of all together."""
    found = counted(counts, RUN_TIME, parts=2)
    states = {state for state, _ in found}
    buckets = range(1, len(RUN_SECONDS) + 2)
    return {
        state: (
            tuple(found.get((state, str(bucket)), 0) for bucket in buckets),
            counts.get(f"{RUN_TIME_SUM}.{state}", 0) / 1000,
        )
        for state in sorted(states)
    }
