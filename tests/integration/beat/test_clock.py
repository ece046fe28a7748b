"""The clock while nobody takes its messages, and two of everything."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from celery import Celery

from beat import clock
from beat.app import house_settings
from beat.clock import MOST_WAITING, Clock
from stenopool.ledger import operations as op
from stenopool.ledger.ledger import Ledger
from stenopool.local.processes import Child, Command
from stenopool.queueing.bell import queue_key
from stenopool.queueing.names import HOUSE
from stenopool.redis_pools import redis_client
from stenopool.settings import load_settings
from tests.waiting import wait_until

ROOT = Path(__file__).parents[3]


def test_nothing_piles_up_while_the_housekeeper_is_away(
    redis_url: str, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings({"REDIS_URL": redis_url, "DATA_DIR": str(data_dir)})
    monkeypatch.setattr(clock, "process_settings", lambda: settings)
    app = Celery(set_as_current=False)
    app.conf.update(house_settings(settings))
    with app, redis_client(redis_url) as client:
        ticking = Clock(app=app, schedule_filename=str(data_dir / "schedule"))
        entries = list(ticking.schedule.values())
        for _ in range(20):
            for entry in entries:
                ticking.apply_async(entry, advance=False)
        assert client.llen(queue_key(HOUSE)) == MOST_WAITING
        # The housekeeper is back and takes one.
        client.rpop(queue_key(HOUSE))
        assert ticking.apply_async(entries[0], advance=False) is not None
        ticking.close()


def test_a_clock_that_is_first_on_a_new_disk_makes_its_folder(
    redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings({"REDIS_URL": redis_url, "DATA_DIR": str(tmp_path / "new")})
    monkeypatch.setattr(clock, "process_settings", lambda: settings)
    app = Celery(set_as_current=False)
    app.conf.update(house_settings(settings))
    with app:
        Clock(app=app, schedule_filename=str(tmp_path / "new" / "run" / "beat-schedule")).close()
    assert (tmp_path / "new" / "run" / "beat-schedule.lock").exists()


@contextmanager
def house(number: int, redis_url: str, data_dir: Path, folder: Path) -> Iterator[Child]:
    environment = {**os.environ, "REDIS_URL": redis_url, "DATA_DIR": str(data_dir), "PYTHONPATH": str(ROOT)}
    argv = [sys.executable, "-W", "error", "-m", "celery", "-A", "beat.app", "worker", "-B", "-Q", HOUSE]
    argv += ["-P", "threads", "-n", f"house-{number}@%h"]
    child = Child(Command("house", argv, folder / f"house-{number}.log", environment, folder))
    try:
        yield child
    finally:
        child.kill()


def test_two_housekeepers_with_a_clock_each_do_no_harm(redis_url: str, data_dir: Path, tmp_path: Path) -> None:
    with (
        house(1, redis_url, data_dir, tmp_path) as first,
        house(2, redis_url, data_dir, tmp_path) as second,
        redis_client(redis_url) as client,
    ):

        def both_say(words: str) -> bool:
            assert first.exit_code is second.exit_code is None, first.log_tail(40) + second.log_tail(40)
            return all(words in house.log_tail(400) for house in (first, second))

        # Who takes which message is the broker's choice, and so is whose sign of life it is: that of one is enough.
        wait_until(lambda: both_say("Sending due task house.pulse"), 60, "a round of each clock")
        wait_until(lambda: both_say(" succeeded in "), 60, "something done by each housekeeper")
        assert Ledger(client, lambda _: None).do(op.pool_view(HOUSE)).live_workers
        assert "Traceback" not in first.log_tail(400) + second.log_tail(400)
