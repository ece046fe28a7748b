"""The processes that are killed: Redis, two API, prepare, three recognise, house. Plain processes, known by their pids."""

import os
import signal
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import httpx

from stenopool.local.commands import Choice, Place, process_commands
from stenopool.local.ports import free_port
from stenopool.local.processes import Child, Command
from stenopool.local.redis_server import RedisServer
from tests.chaos.history import History, Hurt
from tests.processes import is_running
from tests.waiting import wait_until
from tests.warm_start import WarmChild
from worker.run_files import ChildRecord

ROOT: Final = Path(__file__).parents[2]
RECOGNISERS: Final = ("recognise-1", "recognise-2", "recognise-3")
WORKERS: Final = ("prepare-1", "prepare-2", *RECOGNISERS)
"""Two that prepare: with one, nothing else would be under way while that one is dead."""
APIS: Final = ("api-1", "api-2")
BOTH: Final = "both-1"
"""A worker that prepares and recognises."""
HOUSE: Final = "house-1"
REDIS: Final = "redis"

_START_LIMIT_S: Final = 180.0
_SETTINGS: Final = {
    "ALLOW_FAKE_ENGINE": "true",
    "RATE_LIMIT_SUBMIT": "off",
    "LOG_FORMAT": "json",
    "MIN_FREE_DISK_MB": "0",
    "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
}


@dataclass(frozen=True)
class Pace:
    """The ledger's clock in seconds, and audio-seconds per second of the fake engine."""

    lease_s: float
    beat_s: float
    sweep_s: float
    speed: float = 1.0

    @property
    def lease_ms(self) -> int:
        return round(self.lease_s * 1000)

    @property
    def settings(self) -> dict[str, str]:
        clock = {"LEASE_S": self.lease_s, "BEAT_S": self.beat_s, "SWEEP_S": self.sweep_s}
        return {name: str(value) for name, value in {**clock, "FAKE_ENGINE_SPEED": self.speed}.items()}


FAST: Final = Pace(3, 0.5, 1)
"""The same rules, ten times as fast."""

DEFAULT: Final = Pace(30, 2, 5)


class Fleet:
    """Runs while entered. Processes are started from the main thread: that is whose end they follow."""

    def __init__(
        self,
        redis_binary: Path,
        folder: Path,
        pace: Pace,
        settings: Mapping[str, str] | None = None,
        kinds: tuple[str, ...] = (*APIS, *WORKERS, HOUSE),
        through: str = "",
    ) -> None:
        """``settings`` are laid over the environment of every process; ``kinds`` are the processes wanted.

        ``through`` names a module that runs the programs in their stead.
        """
        self.pace = pace
        self.data_dir = folder / "data"
        self.history = History()
        """Where the hurt is written down; each round sets its own."""
        # Never rewritten: the checker reads every write from it.
        self.redis = RedisServer(redis_binary, folder / "redis", options={"auto-aof-rewrite-percentage": "0"})
        self.ports = {name: free_port() for name in APIS}
        self._settings = {**_SETTINGS, **pace.settings, **(settings or {})}
        self._names = kinds
        self._through = through
        self._own_settings: dict[str, dict[str, str]] = {}
        self._children: dict[str, Child | WarmChild] = {}

    @property
    def addresses(self) -> list[str]:
        """Base addresses of the API processes."""
        return [f"http://127.0.0.1:{port}" for name, port in self.ports.items() if name in self._names]

    def pid(self, name: str) -> int:
        """Process id of a process by its name."""
        return self.redis.child.pid if name == REDIS else self._children[name].pid

    def log(self, name: str) -> str:
        """All that a process and those before it under the name have written."""
        return (self.data_dir / "logs" / f"{name}.log").read_text(errors="replace")

    def is_up(self, name: str) -> bool:
        """Whether the process runs."""
        return name in self._children and self._children[name].exit_code is None

    def start(self, name: str) -> None:
        """Starts a process, anew if it has ended."""
        if name == REDIS:
            self.redis.start()
        else:
            # Sabotage happens as modules are loaded.
            start = Child if self._through else WarmChild
            self._children[name] = start(self._command(name))
        self.history.add(Hurt("start", name, self.pid(name), what_is(name)))

    def kill(self, name: str) -> None:
        """``kill -9`` of one process and no other: what it started has to notice by itself."""
        pid = self.pid(name)
        self.history.add(Hurt("kill", name, pid, what_is(name)))
        if name == REDIS:
            self.redis.kill()
            return
        os.kill(pid, signal.SIGKILL)
        self._children[name].wait(10)

    def tell(self, name: str, **environment: str) -> None:
        """Lays settings over everything at each start of a process from now on."""
        self._own_settings.setdefault(name, {}).update(environment)

    def stop(self, name: str) -> None:
        """Asks a process to end and waits until it has."""
        self._children[name].stop(30)

    def kill_child(self, name: str, pid: int) -> None:
        """``kill -9`` of a worker's child."""
        self.history.add(Hurt("kill", name, pid, "child"))
        _signal(pid, signal.SIGKILL)

    def freeze(self, name: str) -> list[int]:
        """Stops a worker with its children, as a suspended machine does; what it holds becomes a zombie's."""
        pids = [self.pid(name), *self.pool_children(name)]
        for pid in pids:
            self.history.add(Hurt("stop", name, pid, "main" if pid == pids[0] else "child"))
            _signal(pid, signal.SIGSTOP)
        return pids

    def thaw(self, name: str, pids: list[int]) -> None:
        """Lets them go on, child first: it shall get its chance to commit."""
        for pid in reversed(pids):
            self.history.add(Hurt("go", name, pid, "main" if pid == pids[0] else "child"))
            _signal(pid, signal.SIGCONT)

    def pool_children(self, name: str) -> list[int]:
        """Pids of a worker's living children."""
        return [record.pid for record in self._child_records(name) if is_running(record.pid)]

    def is_busy(self, name: str) -> bool:
        """Whether a worker's child holds a claim, by its own files."""
        return any(record.claims for record in self._child_records(name))

    def labels(self, name: str) -> str:
        """What a worker's child has in hand, for people."""
        return " ".join(claim.label for record in self._child_records(name) for claim in record.claims)

    def revive(self, but: Collection[str] = ()) -> None:
        """Starts what has ended by itself, as a supervisor would; not those in ``but``."""
        for name in self._names:
            if name in self._children and name not in but and not self.is_up(name):
                self.start(name)

    def wait_ready(self, limit_s: float = _START_LIMIT_S) -> None:
        """Waits until every process wanted is seen by the API."""
        recognisers = sum(name.startswith(("recognise", "both")) for name in self._names)
        for address in self.addresses:
            wait_until(partial(self._is_ready, address, recognisers), limit_s, f"a ready fleet at {address}", 0.1)

    def __enter__(self) -> Self:
        self.redis.start()
        for name in self._names:
            self.start(name)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for child in self._children.values():
            child.kill()
        self.redis.kill()

    def _is_ready(self, address: str, recognisers: int) -> bool:
        self.revive()
        try:
            health: dict[str, Any] = httpx.get(f"{address}/health", trust_env=False, timeout=5).json()
        except (httpx.TransportError, ValueError):
            return False
        workers = health.get("workers", {})
        preparing = sum(name.startswith(("prepare", "both")) for name in self._names)
        return int(workers.get("prepare", 0)) >= preparing and int(workers.get("recognise", 0)) >= recognisers

    def _command(self, name: str) -> Command:
        # One that does both kinds of work is a recogniser that is not told to do one.
        kind = "recognise" if name.startswith("both") else name.partition("-")[0]
        port = self.ports.get(name, self.ports[APIS[0]])
        place = Place(data_dir=self.data_dir, host="127.0.0.1", port=port, stop_grace_s=5)
        commands = process_commands(place, Choice("fake", "fake"), self.redis.url)
        command = next(command for command in commands if command.name == kind)
        argv = [word.replace(f"{kind}@%h", f"{name}@%h") for word in command.argv]
        if self._through:
            argv.insert(argv.index("-m") + 1, self._through)
        if name.startswith("both"):
            del argv[argv.index("-Q") : argv.index("-Q") + 2]
        log = self.data_dir / "logs" / f"{name}.log"
        whole = {**(command.environment or {}), **self._settings, **self._own_settings.get(name, {})}
        return replace(command, name=name, argv=argv, log=log, environment=whole, directory=ROOT)

    def _child_records(self, name: str) -> Iterator[ChildRecord]:
        for file in (self.data_dir / "run").glob(f"worker-*-{self.pid(name)}/child-*.json"):
            try:
                yield ChildRecord.model_validate_json(file.read_bytes())
            except (OSError, ValueError):
                continue


def what_is(name: str) -> str:
    """What kind of thing is hurt by killing a process of this name."""
    kind = name.partition("-")[0]
    return "main" if kind in ("prepare", "recognise", "both") else kind


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
