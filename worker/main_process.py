"""The life of a worker's main process: checks, run files, lifeline, orderly stop. It never loads a model."""

import atexit
import os
import secrets
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from celery.concurrency.prefork import TaskPool

from stenopool.errors import FatalError
from stenopool.ledger.ledger import Ledger
from stenopool.ledger.model import timing_of
from stenopool.logs import configure_logs, get_logger
from stenopool.media.local_store import LocalStore
from stenopool.queueing.bell import Bell
from stenopool.queueing.names import is_recognise
from stenopool.queueing.startup import make_sure
from stenopool.redis_pools import redis_client
from stenopool.settings import Settings, process_settings, show_gpu, visible_gpus
from worker.children import Worker
from worker.endings import Endings
from worker.event_loop import EventLoop
from worker.exposition import WorkerExposition
from worker.gpu import Placement, may_use_gpu, place
from worker.lifeline import Lifeline
from worker.run_files import RunFiles, WorkerRecord, run_dir

_NVIDIA: Final = Path("/proc/driver/nvidia/version")

_log = get_logger(__name__)


class MainProcess:
    """One worker's main process, from Celery's first signal to its last."""

    def __init__(self, settings: Settings, pools: tuple[str, ...], children: int, placement: Placement) -> None:
        self._settings = settings
        self._pools = pools
        self._files = RunFiles(run_dir(settings.data_dir), os.getpid())
        self._worker_id = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._lifeline: Lifeline | None = None
        self._placement = placement
        self._files.create(
            WorkerRecord(
                worker_id=self._worker_id,
                pools=pools,
                children=children,
                device=placement.device,
                gpu_uuid=placement.gpu.uuid if placement.gpu else "",
            )
        )
        # Before the first child: children inherit which GPU they see, and where to count.
        if placement.gpu is not None:
            show_gpu(placement.gpu.uuid)
        self._exposition = WorkerExposition.start(settings, placement.held)
        # Celery's last signal does not come after a cold shutdown.
        atexit.register(self.close)

    def ready(self, consumer: Any) -> None:
        """The event loop listens; ``consumer`` is Celery's."""
        if self._lifeline is not None:
            return
        settings = self._settings
        ledger = Ledger(redis_client(settings.redis_address), Bell(settings).ring)
        endings = Endings(ledger, LocalStore(settings.data_dir / "store"))
        timing = timing_of(settings.lease_s, settings.beat_s, settings.sweep_s)
        gpu = self._placement.gpu
        told = "" if gpu is None else gpu.model_dump_json()
        worker = Worker(self._worker_id, timing, self._files, self._placement.device, told)
        self._lifeline = Lifeline(worker, self._pools, ledger, endings, EventLoop(consumer, self._pools))
        self._lifeline.start()

    def stop(self) -> None:
        """A signal asks to stop: the unit in hand may end within the grace. A second one: give it back now."""
        grace_s = 0.0 if self._files.drain_until() is not None else self._settings.stop_grace_s
        self._files.drain(time.monotonic() + grace_s)

    def close(self) -> None:
        """The last act; may be called twice."""
        if self._lifeline is not None:
            self._lifeline.close()
            self._lifeline = None
        if self._exposition is not None:
            self._exposition.close()
            self._exposition = None
        if self._placement.held is not None:
            self._placement.held.close()
        self._files.remove()


def begin(controller: Any) -> MainProcess:
    """Checks what the command line asked for and prepares for children; ``controller`` is Celery's WorkController.

    Raises:
        SystemExit: with one line, when this worker must not run like this.
    """
    settings = process_settings()
    pools = tuple(controller.app.amqp.queues.consume_from)
    children = _children(controller)
    reason = refusal(settings, pools, controller.pool_cls, children)
    if reason is not None:
        raise SystemExit(f"worker: {reason}")
    # Celery sets logs up after this; what is said here is for the same readers.
    configure_logs(settings, "worker")
    make_sure(settings, "worker")
    try:
        placement = place(settings, pools, visible_gpus())
    except FatalError as error:
        raise SystemExit(f"worker: {error.message}" + (f": {error.hint}" if error.hint else "")) from None
    return MainProcess(settings, pools, children, placement)


def check_queues(wanted: Sequence[str], known: Sequence[str]) -> None:
    """Stops a worker that was sent to a queue which nobody rings.

    Raises:
        SystemExit: with one line that names the queues there are.
    """
    unknown = [queue for queue in wanted if queue not in known]
    if unknown:
        raise SystemExit(
            f"worker: no queue is named {', '.join(unknown)}: with these settings there are {', '.join(known)}"
        )


def refusal(settings: Settings, pools: tuple[str, ...], pool_class: object, children: int) -> str | None:
    """Why a worker like this must not run; None when it may."""
    if pool_class not in ("prefork", TaskPool):
        return "only the prefork pool can end a call that hangs: leave -P away"
    if children < 1:
        return "say how many children: --concurrency takes a number here"
    recognises = any(is_recognise(pool) for pool in pools)
    if children > 1 and recognises and uses_gpu(settings):
        return "one child per GPU: start one worker for each instead of --concurrency"
    return None


def uses_gpu(settings: Settings, driver: Path = _NVIDIA) -> bool:
    """Whether the model will run on a GPU, as far as can be told without loading a model library."""
    return may_use_gpu(settings) and (settings.device != "auto" or driver.exists())


def _children(controller: Any) -> int:
    # "auto" is not resolved yet, and threads are divided by this number.
    return controller.concurrency if isinstance(controller.concurrency, int) else 0
