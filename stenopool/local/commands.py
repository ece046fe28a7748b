"""The command line and environment of each process of the local stack; pure but for reading the environment."""

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stenopool.local.processes import Command
from stenopool.queueing.names import HOUSE, PREPARE, recognise_pool
from stenopool.settings import child_environment


@dataclass(frozen=True, slots=True)
class Choice:
    """What recognises: concrete, never ``auto``."""

    engine: str
    model: str

    @property
    def pool(self) -> str:
        """Pool and queue of its workers."""
        return recognise_pool(self.engine, self.model)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the stack lives."""

    data_dir: Path
    host: str
    port: int
    stop_grace_s: float
    """Seconds that a stopping worker has for the unit in hand, and a stopping API for the uploads."""

    @property
    def logs(self) -> Path:
        """Folder with one log per process."""
        return self.data_dir / "logs"

    @property
    def address(self) -> str:
        """The API's address as seen from this machine."""
        return f"http://{'127.0.0.1' if self.host == '0.0.0.0' else self.host}:{self.port}"  # noqa: S104 - compared


def process_commands(place: Place, choice: Choice, redis_url: str) -> list[Command]:
    """API, prepare, recognise and house (with beat), in the order of their start."""
    environment = child_environment(_settings(place, choice, redis_url))
    schedule = place.data_dir / "run" / "beat-schedule"
    schedule.parent.mkdir(parents=True, exist_ok=True)
    api = [
        *("-m", "uvicorn", "--factory", "api.main:create_app", "--host", place.host, "--port", str(place.port)),
        *("--workers", "1", "--no-access-log", "--timeout-graceful-shutdown", str(math.ceil(place.stop_grace_s))),
    ]
    programs = {
        "api": api,
        "prepare": _worker("worker.app", PREPARE, "prepare"),
        "recognise": _worker("worker.app", choice.pool, "recognise"),
        "house": [*_worker("beat.app", HOUSE, "house"), "-B", "-s", str(schedule), "-P", "threads", "-c", "2"],
    }
    return [
        Command(name, [sys.executable, *arguments], place.logs / f"{name}.log", environment)
        for name, arguments in programs.items()
    ]


def _worker(app: str, queue: str, name: str) -> list[str]:
    # One of each kind: there are no neighbours to greet (mingle) or to listen to (gossip), which takes a second.
    quiet = ("--without-gossip", "--without-mingle")
    program = ("-m", "stenopool.queueing.worker_program", app)
    return [*program, "-Q", queue, "-n", f"{name}@%h", "--loglevel", "INFO", *quiet]


def _settings(place: Place, choice: Choice, redis_url: str) -> Mapping[str, str | None]:
    return {
        "REDIS_URL": redis_url,
        **dict.fromkeys(("REDIS_URL_FILE", "REDIS_HOST", "REDIS_PORT", "REDIS_DB", "REDIS_PASSWORD"), None),
        "REDIS_PASSWORD_FILE": None,
        "DATA_DIR": str(place.data_dir),
        "ENGINE": choice.engine,
        "MODEL_SIZE": choice.model,
        "API_HOST": place.host,
        "API_PORT": str(place.port),
        "WORKERS": "1",
        "STOP_GRACE_S": str(place.stop_grace_s),
        "PYTHONUNBUFFERED": "1",
        # The weights were seen on the disk: no process shall ask a hub about them.
        "HF_HUB_OFFLINE": "1",
        # These two belong to make, not to the processes.
        "FILE": None,
        "MODEL": None,
    }
