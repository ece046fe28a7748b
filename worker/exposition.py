"""A worker's own metrics: counted by its children, told by its main process, which holds no model and always answers.

Children never serve: of several on one port only one would be seen. The main process opens the group's folder before
its first child is started, so that the children inherit where to count; each child joins the group before it counts.
"""

import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Final, Self
from wsgiref.simple_server import WSGIServer

from stenopool.logs import get_logger
from stenopool.metrics_folder import MetricsFolder
from stenopool.settings import Settings, share_metrics
from worker.gpu import HeldGpu
from worker.gpu_readings import GpuReadings

_PROCESS: Final = "worker"
_JOIN_S: Final = 5.0

_log = get_logger(__name__)


def join(settings: Settings) -> MetricsFolder | None:
    """For a child, before it counts: its place in its main process's group. None where no metrics were asked for."""
    if settings.worker_metrics_port is None:
        return None
    return MetricsFolder.open(_run_dir(settings), _PROCESS, os.getppid())


class WorkerExposition:
    """Serves the metrics of a worker at ``GET /metrics`` of its own port, until closed."""

    def __init__(self, folder: MetricsFolder, server: WSGIServer, thread: threading.Thread) -> None:
        self._folder = folder
        self._server = server
        self._thread = thread

    @property
    def port(self) -> int:
        """The port in use."""
        return self._server.server_port

    @classmethod
    def start(cls, settings: Settings, gpu: HeldGpu | None = None) -> Self | None:
        """For the main process, before its first child. None where no metrics were asked for, or none can be told.

        What ``gpu`` does is told with the rest.

        A port that is taken costs the metrics, not the worker: it says so and works.
        """
        if settings.worker_metrics_port is None:
            # A folder that somebody else set in the environment is not the children's to write in.
            share_metrics(None)
            return None
        folder = MetricsFolder.open(_run_dir(settings), _PROCESS, os.getpid())
        if folder is None:
            return None
        try:
            server, thread = _serve([folder, *_readings(gpu)], settings)
        except OSError as error:
            _log.error("metrics_not_served", port=settings.worker_metrics_port, error=error.strerror)
            folder.leave()
            return None
        served = cls(folder, server, thread)
        _log.info("metrics_served", address=settings.worker_metrics_host, port=served.port)
        return served

    def close(self) -> None:
        """Stops serving; the folder goes with the last of the group."""
        self._server.shutdown()
        self._thread.join(_JOIN_S)
        self._server.server_close()
        self._folder.leave()


def _serve(
    collectors: "Iterable[MetricsFolder | GpuReadings]", settings: Settings
) -> tuple[WSGIServer, threading.Thread]:
    from prometheus_client import CollectorRegistry, start_http_server  # noqa: PLC0415 - after the folder was opened

    registry = CollectorRegistry()
    for collector in collectors:
        registry.register(collector)
    return start_http_server(settings.worker_metrics_port or 0, settings.worker_metrics_host, registry)


def _readings(gpu: HeldGpu | None) -> list[GpuReadings]:
    return [GpuReadings(gpu)] if gpu is not None else []


def _run_dir(settings: Settings) -> Path:
    return settings.data_dir / "run"
