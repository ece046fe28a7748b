"""The least that Celery can do: a task that answers through a Redis list. The yardstick of ``overhead.py``."""

import os

import redis
from celery import Celery

app = Celery("noop", broker=os.environ["NOOP_REDIS_URL"])
app.conf.update(
    task_ignore_result=True,
    task_acks_late=True,
    worker_pool_start_method="spawn",
    worker_concurrency=1,
    worker_disable_prefetch=True,
    worker_hijack_root_logger=False,
)
_client = redis.Redis.from_url(os.environ["NOOP_REDIS_URL"])


@app.task(name="noop.answer")
def answer(reply_to: str) -> None:
    """Does nothing and says so."""
    _client.lpush(reply_to, "done")
