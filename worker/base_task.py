"""The base of all tasks of this process: what a task must never let through to Celery stops here."""

from typing import Any

from celery import Task

from stenopool.errors import StenopoolError
from stenopool.logs import get_logger

_log = get_logger(__name__)


class GuardedTask(Task):  # type: ignore[misc]  # Celery ships no types.
    """Answers with a line for people, whatever happened; the ledger knows what became of the work."""

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Runs the task.

        A ``MemoryError`` that reaches Celery 5.7 ends the worker's main process and puts the message back, so that one
        recording would take down worker after worker. An error of ours has been dealt with where it arose.
        """
        try:
            return super().__call__(*args, **kwargs)
        except MemoryError:
            # Without its traceback: formatting one needs memory.
            _log.error("out_of_memory", task=self.name)
            return "out of memory"
        except StenopoolError as error:
            _log.exception("task_failed", task=self.name, code=str(error.code))
            return f"failed: {error.code}"
