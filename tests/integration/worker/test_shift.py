"""A shift inside this process: what becomes of a unit whose work breaks in a way that no engine can be told to."""

from collections.abc import Callable
from typing import Any

import pytest

from beat.retention import let_overdue_go
from stenopool.errors import ErrorCode, FatalError, TransientError
from stenopool.ledger import operations as op
from stenopool.ledger import removal
from stenopool.ledger.model import RunState
from stenopool.logs import bound_request_id
from stenopool.media.local_store import LocalStore
from tests.integration.worker.ground import Ground
from tests.integration.worker.here import BrokenStore, duty_here
from worker.duty import Duty
from worker.engines.fake import FakeEngine
from worker.run_files import Admission
from worker.shift import Shift


@pytest.fixture
def equipment(grounds: Ground) -> tuple[Duty, BrokenStore]:
    return duty_here(grounds)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (MemoryError(), "out_of_memory"),
        (FatalError(ErrorCode.ENGINE_FAILED, "broken"), "engine_failed"),
        (ZeroDivisionError(), "internal_error"),
    ],
)
def test_a_fault_of_ours_costs_an_attempt_and_ends_nothing_else(
    grounds: Ground, equipment: tuple[Duty, BrokenStore], error: BaseException, reason: str
) -> None:
    duty, store = equipment
    store.error = error
    job = grounds.submit()
    report = Shift(duty).run()
    view = grounds.view(job)
    assert (view.state, view.reason, view.attempt) == (RunState.FAILED, reason, 3)
    assert grounds.manifest(job).ending is not None
    assert report.count(reason) == 3


def test_a_passing_trouble_gives_the_unit_back_without_an_attempt(
    grounds: Ground, equipment: tuple[Duty, BrokenStore]
) -> None:
    duty, store = equipment
    store.error = TransientError(ErrorCode.DISK_FULL, "full", retry_after_s=1)
    job = grounds.submit()
    assert "assemble released; nothing waits" in Shift(duty).run()
    view = grounds.view(job)
    # Prepare and span were attempted once; the attempt at assemble was refunded.
    assert (view.state, view.attempt) == (RunState.PROCESSING, 1)
    assert duty.files.failed_units() == 0


@pytest.mark.parametrize("admission", [Admission.MISMATCH, Admission.DRAINED, Admission.BROKEN])
def test_a_child_that_is_not_admitted_claims_nothing(
    grounds: Ground, equipment: tuple[Duty, BrokenStore], admission: Admission
) -> None:
    duty, _ = equipment
    duty.files.admit(admission)
    job = grounds.submit()
    assert Shift(duty).run() == f"not admitted: {admission}"
    assert grounds.view(job).state is RunState.QUEUED


def test_a_stopping_child_claims_nothing(grounds: Ground, equipment: tuple[Duty, BrokenStore]) -> None:
    duty, _ = equipment
    duty.files.drain(0.0)
    job = grounds.submit()
    assert Shift(duty).run() == "stopping"
    assert grounds.view(job).state is RunState.QUEUED


def test_a_span_that_was_recognised_before_is_not_recognised_again(
    grounds: Ground, equipment: tuple[Duty, BrokenStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    duty, store = equipment
    calls: list[int] = []
    recognise = FakeEngine.recognise

    def counted(*arguments: object) -> object:
        calls.append(1)
        return recognise(*arguments)  # type: ignore[arg-type]  # passed through as it came

    monkeypatch.setattr(FakeEngine, "recognise", counted)
    job = grounds.submit()
    put: Callable[[str, bytes], bool] = LocalStore.put.__get__(store)

    def put_then_break(key: str, body: bytes) -> bool:
        written = put(key, body)
        if key.endswith("span-0.json"):
            raise EndedBetweenError
        return written

    monkeypatch.setattr(store, "put", put_then_break)
    Shift(duty).run()
    assert grounds.view(job).state is RunState.COMPLETED
    assert len(calls) == 1


@pytest.mark.parametrize("ending", [".pcm", "span-0.json", "transcripts/"])
def test_what_is_written_for_a_run_that_was_deleted_meanwhile_is_removed(
    grounds: Ground, equipment: tuple[Duty, BrokenStore], monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    """The client deletes the job, and the store is clean, just before the worker writes what it made of it."""
    duty, store = equipment
    job = grounds.submit()

    def delete() -> None:
        grounds.ledger.do(removal.forget(job.job_id, "t"))
        let_overdue_go(grounds.ledger, grounds.store)

    for name in ("put", "adopt_file"):
        write: Callable[[str, object], bool] = getattr(LocalStore, name).__get__(store)

        def deleted_before(key: str, what: object, write: Callable[[str, object], bool] = write) -> bool:
            if ending in key:
                delete()
            return write(key, what)

        monkeypatch.setattr(store, name, deleted_before)
    Shift(duty).run()
    run = job.transcription_id
    left = [key for prefix in ("work/", "transcripts/", "peaks/", "gone/") for key in store.keys(prefix) if run in key]
    assert left == []
    assert not grounds.ledger.do(op.jobs_of(run))


class EndedBetweenError(FatalError):
    """Raised after the span's result was written, before it was committed."""

    def __init__(self) -> None:
        super().__init__(ErrorCode.INTERNAL_ERROR, "ended between writing and committing")


def test_each_units_log_lines_name_the_request_that_began_its_run(
    grounds: Ground, equipment: tuple[Duty, BrokenStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str | None] = []
    real = FakeEngine.recognise

    def recognise(*given: Any, **named: Any) -> Any:
        seen.append(bound_request_id())
        return real(*given, **named)

    monkeypatch.setattr(FakeEngine, "recognise", recognise)
    for request_id in ("first-request", None, "x" * 64):
        grounds.submit(request_id=request_id)
    # One shift, and so one bell, for all three.
    Shift(equipment[0]).run()
    assert seen == ["first-request", None, "x" * 64]
    assert bound_request_id() is None
