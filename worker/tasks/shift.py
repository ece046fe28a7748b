"""The task behind every bell."""

from stenopool.logs import get_logger
from stenopool.queueing.names import SHIFT_TASK
from worker.app import app
from worker.base_task import GuardedTask, WorkFailedError
from worker.child_process import duty

_log = get_logger(__name__)


@app.task(name=SHIFT_TASK, base=GuardedTask)  # type: ignore[untyped-decorator]  # Celery ships no types.
def open_shift(queue: object = None) -> str:
    """Works until nothing waits. ``queue`` is for whoever reads Flower: a message is no more than a bell.

    Whatever a forged message says, the pools are the worker's own.

    Raises:
        WorkFailedError: a transcription ended by it, for the reasons that it begins with.
    """
    from worker.shift import Shift  # noqa: PLC0415 - the main process imports this module and no pipeline

    _log.debug("bell_heard", queue=str(queue)[:100])
    shift = Shift(duty())
    line = shift.run()
    if shift.reasons:
        raise WorkFailedError(f"{', '.join(shift.reasons)}: {line}")
    return line
