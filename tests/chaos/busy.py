"""A scenario of ``make chaos``: for two minutes no model process has a moment to spare, and the housekeeping goes on.

Recognisers that hold a span are killed one after the other; each comes back when its lease was swept, and takes the span
again. Meanwhile recordings that nobody can decode end, and their clients want to be told.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from tests.chaos.fleet import DEFAULT, RECOGNISERS
from tests.chaos.orders import Order
from tests.chaos.recordings import broken
from tests.chaos.report import Measure, at_most, none_of
from tests.chaos.scenarios import Stage, after, hash_of, stage
from tests.chaos.told import untold
from tests.integration.beat.receivers import Receiver, receiver

_PACE: Final = replace(DEFAULT, speed=0.25)
_SPAN_S: Final = 50.0
"""Of audio: more than three minutes of work at that pace."""

_DEAD_S: Final = 42.0
"""A lease, and the ten seconds within which its end must have been seen; three times that is two minutes."""

_BROKEN: Final = 12
_SOON_S: Final = 60.0


def busy(redis_binary: Path, folder: Path, seed: int) -> list[Measure]:
    """Measures from the end of a lease to its sweep, and from the end of a job to its webhook."""
    name = "every recogniser busy or dead for two minutes"
    with receiver() as hears, stage(redis_binary, folder, seed, _PACE, webhook_url=hears.url) as on:
        # Taken back when all is over: nobody need wait for their end.
        until_s = 30 + len(RECOGNISERS) * (_DEAD_S + 10)
        long_ones = [replace(on.order(f"long-{number}", _SPAN_S), cancel_after_s=until_s) for number in range(3)]
        on.client.begin(long_ones, over_s=0.1)
        on.until(lambda: all(map(on.fleet.is_busy, RECOGNISERS)), _SOON_S, "three recognisers at work")
        on.client.go_on(list(_broken_ones(on, seed)), over_s=len(RECOGNISERS) * _DEAD_S)
        idle = [found for worker in RECOGNISERS for found in _killed(on, worker)]
        on.until(lambda: on.client.is_done() and not untold(on.history, hears), _SOON_S, "every webhook")
        never_told = [f"job {job_id}" for job_id in untold(on.history, hears)]
        faults = on.faults()
        swept, told = on.audits[0].swept_after_ms, _told_after_ms(hears)
    return [
        none_of(f"{name}: recognisers found idle", idle),
        none_of(f"{name}: leases not swept", ["lease"] * (len(RECOGNISERS) - len(swept))),
        at_most(f"{name}: lease over until swept", 10, "s", max(swept, default=0) / 1000, f"{len(swept)} leases"),
        none_of(f"{name}: webhooks that never came", never_told),
        at_most(f"{name}: job ended until told", 5, "s", max(told, default=0) / 1000, f"{len(told)} webhooks"),
        none_of(f"{name}: faults", [fault.text for fault in faults]),
    ]


def _broken_ones(on: Stage, seed: int) -> Iterator[Order]:
    for number in range(_BROKEN):
        recording = broken(f"broken-{number}", hash_of(f"broken-{number}", seed))
        on.recordings[recording.name] = recording
        yield Order(recording, is_to_be_told=True)


def _killed(on: Stage, worker: str) -> list[str]:
    """Kills a recogniser, lets its lease run out, brings it back to work; who of the others was found without any."""
    others = [name for name in RECOGNISERS if name != worker]
    found: set[str] = set()
    is_over = after(_DEAD_S)

    def look() -> bool:
        found.update(name for name in others if not on.fleet.is_busy(name))
        return is_over()

    on.fleet.kill(worker)
    on.until(look, _DEAD_S + 5, "the end of a lease", but=(worker,))
    on.fleet.start(worker)
    on.until(lambda: on.fleet.is_busy(worker), _SOON_S, f"{worker} to be at work again")
    return sorted(found)


def _told_after_ms(hears: Receiver) -> list[int]:
    """For each webhook: from the end of its job to its arrival."""
    return [
        heard.at_ms - round(datetime.fromisoformat(json.loads(heard.body)["timestamp"]).timestamp() * 1000)
        for heard in list(hears.heard)
    ]
