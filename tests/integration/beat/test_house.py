"""Housekeeper and clock as real processes."""

import math
import os
import signal
import sys
import time
from pathlib import Path

from stenopool.heartbeat import last_beat
from stenopool.ledger import operations as op
from stenopool.ledger.ledger import Ledger
from stenopool.local.processes import Child, Command
from stenopool.local.redis_server import RedisServer
from stenopool.queueing.names import HOUSE
from stenopool.redis_pools import redis_client
from tests.processes import descendants, is_running
from tests.waiting import wait_until

ROOT = Path(__file__).parents[3]


def test_a_housekeeper_that_waits_for_redis_still_shows_that_it_lives(
    own_redis: RedisServer, data_dir: Path, tmp_path: Path
) -> None:
    """A supervisor that ended it for an outage would hold up the rebuild after it."""
    environment = {**os.environ, "REDIS_URL": own_redis.url, "DATA_DIR": str(data_dir), "PYTHONPATH": str(ROOT)}
    argv = [sys.executable, "-m", "celery", "-A", "beat.app", "worker", "-Q", HOUSE, "-P", "threads"]
    house = Child(Command("house", argv, tmp_path / "house.log", environment, tmp_path))

    def silent_s() -> float:
        beat = last_beat(data_dir / "run", "house")
        return beat.silent_s if beat else math.inf

    try:
        wait_until(lambda: silent_s() < math.inf or house.exit_code, 40, "the housekeeper's first sign of life")
        own_redis.stop()
        stopped_at = time.monotonic()
        wait_until(lambda: time.monotonic() - silent_s() > stopped_at + 3, 20, "a sign of life without Redis")
        assert house.exit_code is None, house.log_tail(50)
    finally:
        house.kill()


def test_clock_and_housekeeper_pulse_and_die_together(redis_url: str, data_dir: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "REDIS_URL": redis_url, "DATA_DIR": str(data_dir), "LOG_FORMAT": "json"}
    argv = [
        sys.executable,
        "-W",
        "error",
        "-m",
        "celery",
        "-A",
        "beat.app",
        "worker",
        "-B",
        "-Q",
        HOUSE,
        "-P",
        "threads",
    ]
    working_directory = tmp_path / "cwd"
    working_directory.mkdir()
    house = Child(
        Command("house", argv, tmp_path / "house.log", {**environment, "PYTHONPATH": str(ROOT)}, working_directory)
    )
    try:
        with redis_client(redis_url) as client:
            ledger = Ledger(client, lambda _: None)
            # The first pulse is due after ten seconds.
            wait_until(
                lambda: ledger.do(op.pool_view(HOUSE)).live_workers or house.exit_code, 40, "the housekeeper's pulse"
            )
        assert house.exit_code is None, house.log_tail(50)
        assert not list(working_directory.iterdir())
        assert list((data_dir / "run").glob("beat-schedule*"))
        clock = descendants(house.pid)
        assert clock
        os.kill(house.pid, signal.SIGKILL)
        wait_until(lambda: not any(is_running(pid) for pid in clock), 5, "the clock to die with its housekeeper")
    finally:
        house.kill()
