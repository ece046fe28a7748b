"""The ledger's rules keep their promises on every walk: the pure model under the state machine, without Redis."""

import pytest
from hypothesis.stateful import run_state_machine_as_test

from tests.unit.ledger.machine import LedgerMachine
from tests.unit.ledger.walks import LIMIT_S, walk_settings


@pytest.mark.timeout(LIMIT_S)
def test_every_walk_keeps_the_promises() -> None:
    run_state_machine_as_test(LedgerMachine, settings=walk_settings(examples=200, steps=50))
