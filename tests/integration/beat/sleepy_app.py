"""The housekeeper with a task that takes as long as it is told: ``celery -A tests.integration.beat.sleepy_app``."""

import time

from beat.app import app

__all__ = ["app"]


@app.task(name="tests.sleep")  # type: ignore[untyped-decorator]  # Celery ships no types.
def sleep(seconds: float) -> None:
    """Keeps a thread busy."""
    time.sleep(seconds)
