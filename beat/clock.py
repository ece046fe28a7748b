"""The clock: beat's own, but it holds its messages back while nobody takes them, and it bears a second one beside it.

A message's ``expires`` is looked at by whoever takes it, and by nobody else: for an absent housekeeper Redis would keep
every one of them, twenty thousand a day, and a full Redis takes no job.

Beat remembers in a file when it sent what, so that a daily round comes also where it is started anew each day. Two clocks
on one file destroy it, and one of them dies of that: the second keeps a file of its own.
"""

import contextlib
import fcntl
import os
import socket
from pathlib import Path
from typing import IO, Any, Final

import redis
from celery.beat import PersistentScheduler

from stenopool.heartbeat import Heartbeat
from stenopool.logs import get_logger
from stenopool.queueing.bell import queue_key
from stenopool.queueing.names import HOUSE
from stenopool.redis_pools import redis_client
from stenopool.settings import process_settings

MOST_WAITING: Final = 32
"""Messages in the housekeeper's queue beyond which the clock sends no more: there are about ten kinds."""

_log = get_logger(__name__)


class Clock(PersistentScheduler):  # type: ignore[misc]  # Celery ships no types.
    """Sends what is due, unless the housekeeper is behind."""

    schedule_filename: str
    _client: redis.Redis | None = None
    _is_holding = False
    _lock: IO[str] | None = None
    _own_file: Path | None = None
    _heartbeat: Heartbeat | None = None

    def setup_schedule(self) -> None:
        """As Celery's, on the file that nobody else holds."""
        # Celery asks for the schedule before it says that the clock begins, and it may be the first on a new disk.
        Path(self.schedule_filename).parent.mkdir(parents=True, exist_ok=True)
        self._lock = Path(f"{self.schedule_filename}.lock").open("w", encoding="ascii")  # noqa: SIM115 - held for life.
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            _log.info("second_clock")
            self._own_file = Path(f"{self.schedule_filename}-{socket.gethostname()}-{os.getpid()}")
            self.schedule_filename = str(self._own_file)
        super().setup_schedule()

    def close(self) -> None:
        """As Celery's; a file of its own goes."""
        super().close()
        if self._own_file is not None:
            for file in self._own_file.parent.glob(f"{self._own_file.name}*"):
                with contextlib.suppress(OSError):
                    file.unlink()
        if self._heartbeat is not None:
            self._heartbeat.stop()
        if self._lock is not None:
            self._lock.close()

    def tick(self, *arguments: Any, **options: Any) -> Any:
        """As Celery's; each round is a sign of life."""
        # Made by the process that ticks: an embedded clock is forked off the housekeeper.
        if self._heartbeat is None:
            self._heartbeat = Heartbeat(process_settings().data_dir / "run", "beat")
        self._heartbeat.beat()
        return super().tick(*arguments, **options)

    def apply_async(self, entry: Any, *arguments: Any, **options: Any) -> Any:
        """As Celery's; nothing is sent while so many wait. What is due again later is sent then."""
        if self._is_behind():
            if not self._is_holding:
                _log.warning("housekeeper_behind", waiting=MOST_WAITING)
            self._is_holding = True
            return None
        self._is_holding = False
        return super().apply_async(entry, *arguments, **options)

    def _is_behind(self) -> bool:
        # Not in the constructor: an embedded clock is forked after it, and two processes must not share a socket.
        if self._client is None:
            self._client = redis_client(process_settings().redis_address)
        try:
            return int(self._client.llen(queue_key(HOUSE))) >= MOST_WAITING
        except redis.RedisError:
            # Celery itself says so, and tries again.
            return False
