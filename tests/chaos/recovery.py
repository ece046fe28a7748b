"""A scenario of ``make chaos``: workers die at work while others are free, so that what a death costs is seen alone.

In the rounds there is always a backlog, and a unit that was torn away stands at its end, as everything that is tried again
does: there the times until it is begun again are mostly those of the line.
"""

import time
from itertools import cycle
from pathlib import Path
from typing import Final

from tests.chaos.audit import Audit
from tests.chaos.checker import percentile, recoveries_ms
from tests.chaos.fleet import RECOGNISERS
from tests.chaos.history import History
from tests.chaos.report import Measure, at_most, none_of
from tests.chaos.scenarios import Stage, after, stage

_KILLS: Final = 30
_APART_S: Final = 8.0
_DOWN_S: Final = 1.0
_JOBS: Final = 48
_SPAN_S: Final = 5.0
"""Of audio: three recognisers are a third busy with it."""

_SOON_S: Final = 60.0


def recovery(redis_binary: Path, folder: Path, seed: int) -> list[Measure]:
    """Kills recognisers and their children at work, one at a time; from each death until the span runs elsewhere."""
    name = "no backlog"
    with stage(redis_binary, folder, seed) as on:
        orders = [on.order(f"recovery-{number}", _SPAN_S) for number in range(_JOBS)]
        on.client.begin(orders, over_s=_KILLS * _APART_S)
        for _, what in zip(range(_KILLS), cycle(("main", "main", "child"))):
            _kill_one_at_work(on, what)
        faults = on.faults()
        audit, history = on.audits[0], on.history
    return [
        *times_of_recovery(name, history, audit),
        none_of(f"{name}: faults", [fault.text for fault in faults]),
    ]


def times_of_recovery(name: str, history: History, audit: Audit) -> list[Measure]:
    """The gates on the time from a kill until the unit is begun again."""
    mains, children = (recoveries_ms(history, audit, frozenset({what})) for what in ("main", "child"))
    seen = f"{name}: worker killed until its unit is begun again"
    return [
        at_most(f"{seen}, p50", 35, "s", percentile(mains, 0.5) / 1000, f"{len(mains)} units"),
        at_most(f"{seen}, p99", 45, "s", percentile(mains, 0.99) / 1000),
        at_most(
            f"{name}: child killed until its unit is begun again, p99",
            45,
            "s",
            percentile(children, 0.99) / 1000,
            f"{len(children)} units",
        ),
    ]


def _kill_one_at_work(on: Stage, what: str) -> None:
    began = time.monotonic()
    found: list[str] = []

    def one_is_at_work() -> bool:
        found[:] = [name for name in RECOGNISERS if on.fleet.is_busy(name)]
        return bool(found)

    on.until(one_is_at_work, _SOON_S, "a recogniser at work")
    if found and what == "main":
        on.fleet.kill(found[0])
        on.until(after(_DOWN_S), 2 * _DOWN_S, "a moment", but=found[:1])
        on.fleet.start(found[0])
    elif found:
        for pid in on.fleet.pool_children(found[0]):
            on.fleet.kill_child(found[0], pid)
    left_s = began + _APART_S - time.monotonic()
    on.until(after(left_s), _APART_S + 1, "the next blow")
