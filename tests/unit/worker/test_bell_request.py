"""What is told of a bell once its shift has ended."""

import pickle
from typing import Any

import pytest
from billiard.einfo import ExceptionInfo
from celery.worker.request import Request

from stenopool.queueing.names import EMPTY_BELL
from worker.base_task import WorkFailedError
from worker.bell_request import BellRequest, found_nothing
from worker.shift import _Report


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What Celery's own request is handed to tell."""
    events: list[dict[str, Any]] = []
    monkeypatch.setattr(Request, "send_event", lambda _, kind, **fields: events.append({"type": kind, **fields}))
    return events


def bell() -> BellRequest:
    return BellRequest.__new__(BellRequest)


def test_a_report_says_whether_a_unit_was_held() -> None:
    """Celery hands on the representation of what a task answers."""
    assert found_nothing(repr(_Report().text("nothing waits")))
    assert not found_nothing(repr(_Report(["3f span 1/1 done"]).text("nothing waits")))
    assert not found_nothing(repr(_Report(["3f span 1/1 done"] * 12).text("shift over")))


def test_a_bell_that_found_nothing_has_a_name_of_its_own(told: list[dict[str, Any]]) -> None:
    bell().send_event("task-started")
    bell().send_event("task-succeeded", result="'nothing waits'", runtime=0.1)
    bell().send_event("task-succeeded", result="'1 unit: 3f prepare done; nothing waits'", runtime=0.1)
    assert [event.get("name") for event in told] == [None, EMPTY_BELL, None]


@pytest.mark.parametrize(("error", "is_told"), [(WorkFailedError("no_audio: 1 unit"), False), (ValueError("x"), True)])
def test_a_traceback_is_told_of_what_nobody_expected(
    monkeypatch: pytest.MonkeyPatch, error: Exception, is_told: bool
) -> None:
    seen: list[str] = []
    monkeypatch.setattr(Request, "on_failure", lambda _, info, **__: seen.append(info.traceback))
    try:
        raise error  # noqa: TRY301 - its traceback is what is looked at
    except Exception:  # noqa: BLE001 - any of the two
        bell().on_failure(ExceptionInfo())
    assert bool(seen[0]) is is_told


def test_a_failure_travels_from_the_child_as_its_line() -> None:
    error = pickle.loads(pickle.dumps(WorkFailedError("decode_failed: 1 unit: 3f prepare decode_failed")))  # noqa: S301
    assert repr(error) == "decode_failed: 1 unit: 3f prepare decode_failed"
