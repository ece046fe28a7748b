"""The life of a pool child: finds its worker's run files, takes up its duty, or says why it cannot."""

import os
from typing import TYPE_CHECKING, Final

from billiard import pool

from stenopool.errors import StenopoolError
from stenopool.failpoints import arm
from stenopool.logs import get_logger
from stenopool.metrics_folder import MetricsFolder
from stenopool.settings import process_settings
from worker.exposition import join
from worker.gpu_lock import GpuLock
from worker.run_files import RunFiles, run_dir

if TYPE_CHECKING:
    from worker.duty import Duty

EXIT_ORPHAN: Final = 73
"""Exit status of a child whose main process is gone."""

EXIT_REFUSED: Final = 74
"""Exit status of a child that cannot work here."""

_LAST_WORDS_S: Final = 2.0

_log = get_logger(__name__)
_duty: "list[Duty]" = []
_metrics: list[MetricsFolder] = []
_gpu: list[GpuLock] = []


def begin() -> None:
    """Takes up the duty of this child, or ends the process. Called once, before the child takes its first bell."""
    shorten_last_words()
    settings = process_settings()
    arm(settings.fail_at, run_dir(settings.data_dir))
    files = RunFiles(run_dir(settings.data_dir), os.getppid())
    worker = files.worker()
    if worker is None or files.refusal() is not None:
        # No parent left to work for; or a child before this one found out that nobody can work here.
        os._exit(EXIT_ORPHAN)
    if worker.gpu_uuid:
        lock = GpuLock.join(run_dir(settings.data_dir), worker.gpu_uuid)
        if lock is None:
            # The main process died just now, and somebody has its GPU already.
            os._exit(EXIT_ORPHAN)
        # Held for life: the GPU is free when both processes are gone.
        _gpu.append(lock)
    metrics = join(settings)
    if metrics is not None:
        # Held for life: its lock tells that this child lives.
        _metrics.append(metrics)
    try:
        from worker.duty import take_duty  # noqa: PLC0415 - loads model libraries; the main process imports this module

        _duty.append(take_duty(settings, files, worker))
    except StenopoolError as error:
        files.refuse(error.message + (f": {error.hint}" if error.hint else ""))
        os._exit(EXIT_REFUSED)
    except Exception as error:  # noqa: BLE001 - told to the main process, which stops
        # Celery would log it and let the child work without its equipment.
        _log.exception("child_not_ready")
        files.refuse(f"the worker's child could not start: {type(error).__name__}")
        os._exit(EXIT_REFUSED)


def shorten_last_words() -> None:
    """A stopping child waits two seconds, and not thirty, for its main process to take note of what its tasks answered.

    A task that ends just when the order to stop comes is never taken note of; and nothing depends on it, the ledger has
    been told. There is no setting for it: the pool looks at these two when it comes to wait.
    """
    pool.GUARANTEE_MESSAGE_CONSUMPTION_RETRY_LIMIT = round(
        _LAST_WORDS_S / pool.GUARANTEE_MESSAGE_CONSUMPTION_RETRY_INTERVAL
    )


def duty() -> "Duty":
    """What this child holds."""
    return _duty[0]


def end() -> None:
    """The child leaves in order, between two shifts: nobody needs to look for what it held."""
    for held in _duty:
        held.watchdog.close()
        held.files.remove_child(os.getpid())
