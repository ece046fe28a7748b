"""The bell: tells a pool that work waits. A bell that cannot be rung is logged and forgotten; the sweep rings again."""

import asyncio
from collections.abc import Mapping
from typing import Final

from celery import Celery
from kombu.exceptions import OperationalError

from stenopool.logs import REQUEST_ID, bound_request_id, get_logger
from stenopool.queueing.celery_app import bell_queue, ringing_settings
from stenopool.queueing.names import BELL_PREFIX, SHIFT_TASK
from stenopool.settings import Settings

MAX_BELLS: Final = 32
"""Most bells rung for one queue in one call; the ledger never asks for more (rule 15)."""

_ASYNC_LIMIT_S: Final = 3.0

_log = get_logger(__name__)


def queue_key(queue: str) -> str:
    """The Redis key of a queue's list, as kombu names it at priority 0 (other priorities are other keys)."""
    return BELL_PREFIX + queue


class Bell:
    """Rings from this process. Connects with the first ring; safe to use from several threads."""

    def __init__(self, settings: Settings) -> None:
        # Not the current app: a worker that rings keeps its own.
        self._app = Celery("stenopool.bell", set_as_current=False, fixups=[])
        self._app.conf.update(ringing_settings(settings))

    def ring(self, bells: Mapping[str, int]) -> None:
        """Publishes ``bells[queue]`` bells on each queue. Blocks at most about two seconds; never raises for a fault.

        The first failure ends it: further tries on a broken connection would only add their time-outs.
        """
        try:
            for queue, count in bells.items():
                for _ in range(min(count, MAX_BELLS)):
                    self._publish(queue)
        except (OperationalError, OSError) as error:
            _log.warning("bell_failed", queues=sorted(bells), error=type(error).__name__)

    async def ring_in_thread(self, bells: Mapping[str, int]) -> None:
        """As ``ring``, for an event loop: kombu blocks, so a thread waits in its place."""
        if not bells:
            return
        try:
            await asyncio.wait_for(asyncio.to_thread(self.ring, bells), _ASYNC_LIMIT_S)
        except TimeoutError:
            _log.warning("bell_slow", queues=sorted(bells))

    def close(self) -> None:
        """Drops the connections."""
        self._app.close()

    def _publish(self, queue: str) -> None:
        # By name: the API process holds no task code. Nothing is declared, so one ring is one write to Redis.
        self._app.send_task(
            SHIFT_TASK,
            args=(queue,),
            queue=bell_queue(queue),
            declare=[],
            priority=0,
            retry=False,
            ignore_result=True,
            headers=_headers(),
        )


def _headers() -> dict[str, str]:
    """The request that made the work, as the log's context knows it; rung from elsewhere there is none."""
    request_id = bound_request_id()
    return {REQUEST_ID: request_id} if request_id else {}
