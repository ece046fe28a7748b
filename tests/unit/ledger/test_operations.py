"""Calls are made complete or not at all."""

import json
from dataclasses import replace

import pytest

from stenopool.ledger import operations as op
from stenopool.ledger.lua import ScriptBook, operation_names
from stenopool.ledger.model import (
    HeldClaim,
    Plan,
    PlannedUnit,
    Restoration,
    RestoredEnding,
    RunState,
    Submission,
    UnitKind,
    timing_of,
)
from tests.unit.ledger.walker import TIMING, a_submission

SPAN = PlannedUnit("span-0", UnitKind.SPAN, 0, 16_000, 1.0)
ASSEMBLE = PlannedUnit("assemble", UnitKind.ASSEMBLE, 0, 0, 0.0, blocked=True)


@pytest.mark.parametrize("units", [(), (SPAN,), (SPAN, SPAN, ASSEMBLE), (ASSEMBLE, replace(ASSEMBLE, unit_id="two"))])
def test_a_plan_without_one_assemble_or_with_one_name_twice_is_refused(units: tuple[PlannedUnit, ...]) -> None:
    with pytest.raises(ValueError, match="plan"):
        op.plan("claim", Plan("claim", 1.0, units), TIMING)


def test_what_is_not_given_is_left_out() -> None:
    # Lua would read a JSON null as a value that is true.
    given = json.loads(op.submit(a_submission(0, "d" * 64, "ann")).argument)
    assert "idempotency_hash" not in given
    assert "submitted_ms" not in given


def test_a_long_name_is_cut() -> None:
    given = json.loads(op.submit(replace(a_submission(0, "d" * 64, "ann"), name="n" * 100)).argument)
    assert given["name"] == "n" * 64


def test_costs_are_whole_milliseconds() -> None:
    given = json.loads(op.beat("red/1", [HeldClaim("claim", started=True, done_s=1 / 3)], TIMING).argument)
    assert given["claims"][0]["done_s"] == 0.333


def test_a_number_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        op.beat("red/1", [HeldClaim("claim", started=True, done_s=float("nan"))], TIMING)


@pytest.mark.parametrize("name", operation_names())
def test_every_script_says_what_it_does_first(name: str) -> None:
    book = ScriptBook()
    own = book[name].text.removeprefix(book.shared)
    assert own.startswith(f"-- {name}")


def test_a_gap_is_three_missed_sweeps() -> None:
    timing = timing_of(lease_s=30, beat_s=2, sweep_s=5)
    assert (timing.lease_ms, timing.beat_ms, timing.sweep_ms, timing.gap_ms) == (30_000, 2_000, 5_000, 15_000)


@pytest.mark.parametrize(
    ("submission", "ending"),
    [
        (replace(a_submission(0, "d" * 64, "ann"), media_key=None, submitted_ms=1), None),
        (a_submission(0, "d" * 64, "ann"), None),
        (replace(a_submission(0, "d" * 64, "ann"), submitted_ms=1), RestoredEnding(RunState.FAILED, 2)),
    ],
)
def test_a_restoration_that_would_leave_half_a_record_is_refused(
    submission: Submission, ending: RestoredEnding | None
) -> None:
    with pytest.raises(ValueError, match=r"a job is restored|a failure has"):
        op.restore(Restoration(submission, is_hit=False, ending=ending))
