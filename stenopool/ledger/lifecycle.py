"""Which moves runs and units may make, and when a unit has had its chances; pure.

The scripts make these moves; the model in ``tests/unit/ledger`` makes them through this page, and the two are compared
step by step.
"""

from collections.abc import Mapping
from typing import Final

from stenopool.ledger.states import MAX_ATTEMPTS, MAX_DELAY_MS, MAX_IDLE_CLAIMS, RunState, UnitKind, UnitState
from stenopool.queueing.names import PREPARE

_RUN_MOVES: Final[Mapping[RunState, frozenset[RunState]]] = {
    # Straight to completed or failed: the store tells that it had ended so.
    RunState.QUEUED: frozenset({RunState.PROCESSING, RunState.COMPLETED, RunState.FAILED, RunState.CANCELLED}),
    RunState.PROCESSING: frozenset({RunState.COMPLETED, RunState.FAILED, RunState.CANCELLED}),
    RunState.COMPLETED: frozenset(),
    RunState.FAILED: frozenset(),
    RunState.CANCELLED: frozenset(),
}

# A waiting unit may still have a holder whose lease ran out: what that one does, it does to a waiting unit.
_HOLDER_MOVES: Final = frozenset({UnitState.WAITING, UnitState.DELAYED, UnitState.DONE, UnitState.FAILED})
_UNIT_MOVES: Final[Mapping[UnitState, frozenset[UnitState]]] = {
    # ``assemble`` goes straight to the worker whose commit unblocked it.
    UnitState.BLOCKED: frozenset({UnitState.WAITING, UnitState.LEASED}),
    UnitState.WAITING: _HOLDER_MOVES | {UnitState.LEASED},
    UnitState.DELAYED: frozenset({UnitState.WAITING}),
    UnitState.LEASED: _HOLDER_MOVES,
    UnitState.DONE: frozenset(),
    UnitState.FAILED: frozenset(),
}


def run_may_move(before: RunState, after: RunState) -> bool:
    """Whether a run may go from one state to the other."""
    return after in _RUN_MOVES[before]


def unit_may_move(before: UnitState, after: UnitState) -> bool:
    """Whether a unit may go from one state to the other; waiting at a new place is a move too."""
    return after in _UNIT_MOVES[before]


def job_state(*, has_left: bool, run: RunState) -> RunState:
    """A job's state: its run's, unless it was cancelled itself."""
    return RunState.CANCELLED if has_left else run


def pool_of(kind: UnitKind, recognise_pool: str) -> str:
    """The pool whose workers can do a unit of this kind."""
    return PREPARE if kind is UnitKind.PREPARE else recognise_pool


def has_used_up_attempts(attempt: int) -> bool:
    """Whether the attempt that just went wrong was a unit's last."""
    return attempt >= MAX_ATTEMPTS


def has_used_up_claims(idle_claims: int) -> bool:
    """Whether a unit was claimed and not begun too often: something about it kills workers before they can say so."""
    return idle_claims >= MAX_IDLE_CLAIMS


def has_waited_too_long(delayed_ms: int) -> bool:
    """Whether a unit was put off for longer than anything temporary lasts; ``delayed_ms`` is the sum of its delays."""
    return delayed_ms > MAX_DELAY_MS
