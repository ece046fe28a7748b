"""The one that kills: seeded, from the main thread, one blow after another, each victim started again after a while."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.chaos.fleet import APIS, HOUSE, RECOGNISERS, REDIS, WORKERS, Fleet

SHARES: Final = {"main": 40, "child": 25, "api": 15, "redis": 10, "house": 10}
"""Of a hundred blows."""

_TICK_S: Final = 0.05
_PAUSE_S: Final = 0.3
_TRIES: Final = 200
_PATIENCE: Final = 20
"""Tries for which a worker at work is waited for."""


@dataclass(frozen=True)
class Blows:
    """How many, how far apart, and how long the dead stay dead: seconds, drawn evenly between the two."""

    kills: int
    zombies: int
    apart_s: tuple[float, float]
    down_s: tuple[float, float]


class Agent:
    """Strikes a fleet."""

    def __init__(self, fleet: Fleet, seed: int, blows: Blows) -> None:
        self._fleet = fleet
        self._rng = random.Random(seed)
        self._blows = blows
        self._due: list[tuple[float, Callable[[], None]]] = []
        """What comes later: a start, a thaw."""
        self._frozen: set[str] = set()
        self._down: set[str] = set()

    def strike(self) -> None:
        """All blows, the first when work has begun; then everything is up again."""
        for what in self._drawn():
            self._wait(self._rng.uniform(*self._blows.apart_s))
            self._strike_once(what)
        while self._due:
            self._tick()

    def _drawn(self) -> list[str]:
        kills = self._rng.choices(list(SHARES), list(SHARES.values()), k=self._blows.kills)
        # At least one of each kind where there are enough, so that a short round has seen them all.
        if len(kills) >= 2 * len(SHARES):
            kills[: len(SHARES)] = SHARES
        blows = [*kills, *["zombie"] * self._blows.zombies]
        self._rng.shuffle(blows)
        return blows

    def _strike_once(self, what: str) -> None:
        """Waits for a victim: all of a kind may be down just now, or idle, and then a blow would show nothing."""
        for number in range(_TRIES):
            worker = self._worker(RECOGNISERS if what == "zombie" else WORKERS, must_be_busy=number < _PATIENCE)
            if self._freeze(worker) if what == "zombie" else self._kill(what, worker):
                return
            self._wait(_PAUSE_S)
        raise AssertionError("nobody was there to be struck")

    def _kill(self, what: str, worker: str | None) -> bool:
        if what == "child":
            return self._kill_child(worker)
        name = {"main": worker, "api": self._rng.choice(APIS), "redis": REDIS, "house": HOUSE}[what]
        if name is None or name in self._down or not (name == REDIS or self._fleet.is_up(name)):
            return False
        self._fleet.kill(name)
        self._down.add(name)
        self._later(self._rng.uniform(*self._blows.down_s), lambda: self._start(name))
        return True

    def _kill_child(self, name: str | None) -> bool:
        children = [] if name is None else self._fleet.pool_children(name)
        if name is None or not children:
            return False
        self._fleet.kill_child(name, children[0])
        return True

    def _freeze(self, name: str | None) -> bool:
        """A worker sleeps past its lease and a sweep, and wakes with work in hand that is another's by now."""
        if name is None:
            return False
        pids = self._fleet.freeze(name)
        self._frozen.add(name)
        pace = self._fleet.pace

        def thaw() -> None:
            self._fleet.thaw(name, pids)
            self._frozen.discard(name)

        self._later(pace.lease_s + 2 * pace.sweep_s + self._rng.random() * pace.sweep_s, thaw)
        return True

    def _worker(self, names: tuple[str, ...], must_be_busy: bool) -> str | None:
        """A victim: one that is at work, if any is."""
        up = [name for name in names if name not in self._frozen and name not in self._down and self._fleet.is_up(name)]
        busy = [name for name in up if self._fleet.is_busy(name)]
        victims = busy if must_be_busy else up
        return self._rng.choice(victims) if victims else None

    def _start(self, name: str) -> None:
        self._down.discard(name)
        self._fleet.start(name)

    def _later(self, after_s: float, act: Callable[[], None]) -> None:
        self._due.append((time.monotonic() + after_s, act))

    def _wait(self, for_s: float) -> None:
        until = time.monotonic() + for_s
        while time.monotonic() < until:
            self._tick()

    def _tick(self) -> None:
        time.sleep(_TICK_S)
        for due in [due for due in self._due if due[0] <= time.monotonic()]:
            self._due.remove(due)
            due[1]()
        # A supervisor would: a worker stops by itself after three failures in a row, an API that finds no Redis.
        self._fleet.revive(self._down)
