"""A housekeeper's own metrics, at ``GET /metrics`` of ``WORKER_METRICS_PORT``: which rounds it did, and when it last did each.

It is one process with threads, so it counts in its own memory.
"""

import threading
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, Self
from wsgiref.simple_server import WSGIServer

from stenopool import metrics
from stenopool.instruments import registry
from stenopool.logs import get_logger
from stenopool.settings import Settings, share_metrics

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

_JOIN_S: Final = 5.0

_last_done: Final[dict[str, float]] = {}

_log = get_logger(__name__)


def note_round(task: str, *, is_done: bool) -> None:
    """A round of ``task`` has ended; ``is_done`` unless it raised."""
    metrics.HOUSE_ROUNDS.inc(task=task, ending="done" if is_done else "failed")
    if is_done:
        _last_done[task] = time.time()


class LastRounds:
    """A collector for a registry of prometheus_client."""

    def describe(self) -> "Iterable[Metric]":
        """Nothing, so that nothing is read when this is registered."""
        return []

    def collect(self) -> "Iterable[Metric]":
        """When each round was last done."""
        yield metrics.HOUSE_LAST_DONE.family({(task,): moment for task, moment in dict(_last_done).items()})


class HouseExposition:
    """Serves the metrics of a housekeeper until closed."""

    def __init__(self, server: WSGIServer, thread: threading.Thread) -> None:
        self._server = server
        self._thread = thread

    @classmethod
    def start(cls, settings: Settings) -> Self | None:
        """None where no metrics were asked for, or none can be told.

        A port that is taken costs the metrics, not the housekeeping: it says so and works.
        """
        # A folder that somebody else set in the environment is not ours to write in.
        share_metrics(None)
        if settings.worker_metrics_port is None:
            return None
        from prometheus_client import start_http_server  # noqa: PLC0415 - after share_metrics

        served = registry()
        try:
            server, thread = start_http_server(settings.worker_metrics_port, settings.worker_metrics_host, served)
        except OSError as error:
            _log.error("metrics_not_served", port=settings.worker_metrics_port, error=error.strerror)
            return None
        served.register(LastRounds())
        _log.info("metrics_served", address=settings.worker_metrics_host, port=server.server_port)
        return cls(server, thread)

    def close(self) -> None:
        """Stops serving."""
        self._server.shutdown()
        self._thread.join(_JOIN_S)
        self._server.server_close()
