"""What a task must never let through to Celery."""

from typing import NoReturn

import pytest
from celery import Celery

from stenopool.errors import ErrorCode, FatalError
from worker.base_task import GuardedTask, WorkFailedError


def run(error: Exception) -> object:
    app = Celery("test", set_as_current=False, fixups=[])

    @app.task(base=GuardedTask, name="test.raise", shared=False)  # type: ignore[untyped-decorator]  # No types.
    def raising() -> NoReturn:
        raise error

    return raising()


def test_memory_that_ran_out_fails_the_task_and_not_the_worker() -> None:
    # Celery 5.7 would end the worker's main process over a MemoryError.
    with pytest.raises(WorkFailedError, match=r"^out_of_memory$") as caught:
        run(MemoryError())
    assert caught.value.__context__ is None


def test_an_error_of_ours_fails_the_task_by_its_code() -> None:
    with pytest.raises(WorkFailedError, match=r"^internal_error$"):
        run(FatalError(ErrorCode.INTERNAL_ERROR, "broken"))


def test_any_other_error_is_celerys_to_report() -> None:
    with pytest.raises(ZeroDivisionError):
        run(ZeroDivisionError())
