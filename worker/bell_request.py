"""What the main process tells Flower about a bell: under which name, and how a failed one reads."""

import re
from typing import Any, Final

from celery.worker.request import Request

from stenopool.queueing.names import EMPTY_BELL
from worker.base_task import WorkFailedError

_DID_WORK: Final = re.compile(r"'[0-9]+ units?: ")
"""How the line of a shift that held a unit begins, as Celery tells it: the representation of a string."""


def found_nothing(result: object) -> bool:
    """Whether a shift that answered ``result``, as Celery tells it, held no unit."""
    return _DID_WORK.match(str(result)) is None


class BellRequest(Request):  # type: ignore[misc]  # Celery ships no types.
    """A bell in the main process. Only what is told of it differs from Celery's own; what becomes of it does not."""

    def send_event(self, type: str, **fields: Any) -> None:  # noqa: A002 - Celery names it so
        """Tells an event; the last one of a bell that found nothing gives it a name of its own."""
        if type == "task-succeeded" and found_nothing(fields.get("result")):
            fields["name"] = EMPTY_BELL
        super().send_event(type, **fields)

    def on_failure(self, exc_info: Any, send_failed_event: bool = True, return_ok: bool = False) -> Any:
        """As Celery's; where the work failed and the task did not, its traceback leads nowhere and is not told."""
        error = exc_info.exception
        if isinstance(getattr(error, "exc", error), WorkFailedError):
            exc_info.traceback = ""
        return super().on_failure(exc_info, send_failed_event=send_failed_event, return_ok=return_ok)
