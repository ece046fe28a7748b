"""A webhook leaves in time while every thread of the housekeeper is busy: deliveries are none of its tasks."""

import os
import sys
import time
from pathlib import Path

from celery import Celery

from beat.app import house_settings
from stenopool.ledger import operations as op
from stenopool.ledger.ledger import Ledger
from stenopool.local.processes import Child, Command
from stenopool.queueing.names import HOUSE
from stenopool.redis_pools import redis_client
from stenopool.settings import load_settings
from tests.integration.beat.receivers import receiver
from tests.integration.rebuild.office import Office
from tests.waiting import wait_until

ROOT = Path(__file__).parents[3]
PROMISED_S = 5.0


def test_a_webhook_leaves_in_time_while_the_housekeeper_is_busy(redis_url: str, tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    environment = {
        **os.environ,
        "REDIS_URL": redis_url,
        "DATA_DIR": str(data_dir),
        "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
        "PYTHONPATH": str(ROOT),
    }
    argv = [sys.executable, "-W", "error", "-m", "celery", "-A", "tests.integration.beat.sleepy_app", "worker"]
    house = Child(
        Command("house", [*argv, "-Q", HOUSE, "-P", "threads"], tmp_path / "house.log", environment, tmp_path)
    )
    with redis_client(redis_url) as client, receiver() as app:
        office = Office(client, data_dir)
        try:
            ledger = Ledger(client, lambda _: None)
            wait_until(lambda: ledger.do(op.pool_view(HOUSE)).live_workers or house.exit_code, 40, "the housekeeper")
            sender = Celery(set_as_current=False)
            sender.conf.update(house_settings(load_settings({"REDIS_URL": redis_url, "DATA_DIR": str(data_dir)})))
            with sender:
                for _ in range(4):
                    sender.send_task("tests.sleep", (60,), queue=HOUSE)
            # Two are being worked on, which is all that the housekeeper can; two wait.
            wait_until(lambda: house.log_tail(200).count("tests.sleep") >= 2, 20, "two tasks to begin")
            job_id = office.submit("a", webhook_url=app.url)
            office.finish_all()
            began = time.monotonic()
            wait_until(lambda: app.heard, 3 * PROMISED_S, "the webhook")
            assert app.ids() == [f"{job_id}-1-completed"]
            assert time.monotonic() - began < 3 * PROMISED_S
        finally:
            house.kill()
