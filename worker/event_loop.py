"""What our thread may ask of Celery's event loop: to listen or not to listen, and to replace a dead child.

A worker that may not claim must not eat the bells of those that may.
"""

from collections.abc import Callable, Sequence
from typing import Any


class EventLoop:
    """The main process's event loop. Everything asked happens soon, in the loop's own thread, which owns the sockets."""

    def __init__(self, consumer: Any, queues: Sequence[str]) -> None:
        """``consumer`` is Celery's ``celery.worker.consumer.Consumer``, ``queues`` those of the worker."""
        self._consumer = consumer
        self._queues = tuple(queues)
        self._is_listening = True

    def listen(self) -> None:
        """Takes bells again."""
        if not self._is_listening:
            self._is_listening = True
            self._for_each_queue(self._consumer.add_task_queue)

    def stop_listening(self) -> None:
        """Takes no more bells, also after a reconnection. One that was taken already goes back."""
        if self._is_listening:
            self._is_listening = False
            self._for_each_queue(self._consumer.cancel_task_queue)

    def replace_dead_children(self) -> None:
        """Celery notices most deaths at once, some only at its next round, up to five seconds later."""
        self._consumer.call_soon(self._consumer.pool.maintain_pool)

    def _for_each_queue(self, change: Callable[[str], object]) -> None:
        for queue in self._queues:
            self._consumer.call_soon(change, queue)
