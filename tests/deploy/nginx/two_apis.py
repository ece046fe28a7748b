"""Two real API processes behind nginx, as two containers of one name, and a worker that does as it is told."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from stenopool.ledger.ledger import Ledger
from stenopool.local.processes import Child, Command
from stenopool.local.redis_server import RedisServer
from stenopool.media.local_store import LocalStore
from stenopool.queueing.names import recognise_pool
from stenopool.redis_pools import redis_client
from stenopool.settings import child_environment
from tests.integration.api.scripted_worker import ScriptedWorker
from tests.waiting import wait_until

KEY: Final = "the bootstrap key of this test"
METRICS_TOKEN: Final = "the token of this test's metrics"
HOSTS: Final = ("127.0.0.2", "127.0.0.3")
MAX_MB: Final = 2
_SETTINGS: Final = {
    "API_KEY": KEY,
    "METRICS_TOKEN": METRICS_TOKEN,
    "FORWARDED_ALLOW_IPS": "127.0.0.1",
    "LOG_FORMAT": "json",
    "MAX_FILE_SIZE_MB": str(MAX_MB),
    "MODEL_SIZE": "demo",
    "RATE_LIMIT_SUBMIT": "off",
    "UPLOAD_WINDOW_S": "1",
}


@dataclass(frozen=True, slots=True)
class TwoApis:
    """What runs."""

    children: tuple[Child, Child]
    worker: ScriptedWorker
    logs: tuple[Path, ...]

    def told(self) -> str:
        """What both have logged."""
        return "".join(log.read_text() for log in self.logs)


@contextmanager
def two_apis(binary: Path, folder: Path, port: int) -> Iterator[TwoApis]:
    """Both, on addresses of their own and one port; ready."""
    data = folder / "data"
    data.mkdir()
    with RedisServer(binary, folder / "redis") as redis, redis_client(redis.url) as client:
        environment = child_environment({**_SETTINGS, "REDIS_URL": redis.url, "DATA_DIR": str(data)})
        first, second = (
            Child(Command("api", _argv(host, port), folder / f"{host}.log", environment)) for host in HOSTS
        )
        try:
            for host in HOSTS:
                wait_until(lambda host=host: _answers(host, port), 60, "an API to answer", every_s=0.1)  # type: ignore[misc]
            pool = recognise_pool("faster-whisper", "demo")
            worker = ScriptedWorker(Ledger(client, lambda _bells: None), LocalStore(data / "store"), pool)
            worker.register(600_000)
            yield TwoApis((first, second), worker, tuple(folder / f"{host}.log" for host in HOSTS))
        finally:
            first.stop(10)
            second.stop(10)


def _argv(host: str, port: int) -> list[str]:
    program = [sys.executable, "-m", "uvicorn", "--factory", "api.main:create_app", "--no-access-log"]
    return [*program, "--host", host, "--port", str(port), "--timeout-graceful-shutdown", "2"]


def _answers(host: str, port: int) -> bool:
    try:
        return httpx.get(f"http://{host}:{port}/health/live", trust_env=False, timeout=2).is_success
    except httpx.TransportError:
        return False
