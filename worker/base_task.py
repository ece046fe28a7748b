"""The base of all tasks of this process: what a task must never let through to Celery stops here."""

from typing import Any

from celery import Task

from stenopool.errors import ErrorCode, StenopoolError
from stenopool.logs import get_logger

_log = get_logger(__name__)


class WorkFailedError(Exception):
    """Ends a task whose work failed, once the ledger knows; its text is the line that Flower shows, the code first.

    Celery reports it and acknowledges the bell, as it does after a success: nothing is tried again by it.
    """

    def __repr__(self) -> str:
        # Flower shows this, and not the name of a class.
        return str(self)


class GuardedTask(Task):  # type: ignore[misc]  # Celery ships no types.
    """Answers with a line for people or fails with one, whatever happened; the ledger knows what became of the work."""

    abstract = True

    throws = (WorkFailedError,)
    """Logged in a line, without a traceback: where the work broke it was logged with one."""

    Request = "worker.bell_request:BellRequest"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Runs the task.

        A ``MemoryError`` that reaches Celery 5.7 ends the worker's main process and puts the message back, so that one
        recording would take down worker after worker. An error of ours has been dealt with where it arose.

        Raises:
            WorkFailedError: the work failed.
        """
        try:
            return super().__call__(*args, **kwargs)
        except MemoryError:
            # Without its traceback: formatting one needs memory.
            _log.error("out_of_memory", task=self.name)
            code = ErrorCode.OUT_OF_MEMORY
        except StenopoolError as error:
            _log.exception("task_failed", task=self.name, code=str(error.code))
            code = error.code
        # Not among the handlers: what was caught would hang on it.
        raise WorkFailedError(str(code))
