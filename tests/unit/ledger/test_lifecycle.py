"""The moves that runs and units may make."""

import pytest

from stenopool.ledger import lifecycle
from stenopool.ledger.model import RunState, UnitKind, UnitState


@pytest.mark.parametrize("state", [state for state in RunState if state.ended])
def test_an_ended_run_never_changes(state: RunState) -> None:
    assert not any(lifecycle.run_may_move(state, after) for after in RunState)


@pytest.mark.parametrize("state", [UnitState.DONE, UnitState.FAILED])
def test_an_ended_unit_never_changes(state: UnitState) -> None:
    assert not any(lifecycle.unit_may_move(state, after) for after in UnitState)


def test_a_blocked_unit_is_not_done_without_having_been_handed_out() -> None:
    assert not lifecycle.unit_may_move(UnitState.BLOCKED, UnitState.DONE)


def test_a_job_that_left_is_cancelled_whatever_its_run_does() -> None:
    assert {lifecycle.job_state(has_left=True, run=run) for run in RunState} == {RunState.CANCELLED}


def test_a_job_that_stays_is_what_its_run_is() -> None:
    assert all(lifecycle.job_state(has_left=False, run=run) is run for run in RunState)


def test_only_prepare_is_done_outside_the_recognisers() -> None:
    pools = {kind: lifecycle.pool_of(kind, "recognise.x.y") for kind in UnitKind}
    assert [kind for kind, pool in pools.items() if pool == "prepare"] == [UnitKind.PREPARE]


@pytest.mark.parametrize(("attempt", "is_last"), [(2, False), (3, True)])
def test_a_unit_has_three_attempts(attempt: int, *, is_last: bool) -> None:
    assert lifecycle.has_used_up_attempts(attempt) is is_last


@pytest.mark.parametrize(("claims", "is_last"), [(9, False), (10, True)])
def test_a_unit_may_be_claimed_nine_times_for_nothing(claims: int, *, is_last: bool) -> None:
    assert lifecycle.has_used_up_claims(claims) is is_last


@pytest.mark.parametrize(("delayed_ms", "is_too_long"), [(3_600_000, False), (3_600_001, True)])
def test_a_unit_may_be_put_off_for_an_hour(delayed_ms: int, *, is_too_long: bool) -> None:
    assert lifecycle.has_waited_too_long(delayed_ms) is is_too_long
