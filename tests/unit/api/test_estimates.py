"""How long a job may still take; the figures are worked out by hand beside each case."""

from dataclasses import replace
from typing import Any

import pytest

from api.services.estimates import eta_s
from stenopool.ledger.model import RunState
from tests.unit.api.fake_ledger import SERVED, job_view

POOL = replace(SERVED, live_workers=2, waiting_s=300.0, speed=10.0)
SPAN: dict[str, Any] = {"state": RunState.PROCESSING, "stage": "span", "audio_s": 100.0}


@pytest.mark.parametrize(
    ("job", "eta"),
    [
        # In work: 75 of 100 s are left, at ten a second.
        ({"done_s": 25.0, "position": None}, 7.5),
        # First of three: a third of 300 s waits, all of it its own.
        ({"position": 1, "queue_length": 3}, 10.0),
        # Last of three: 200 s before it for two workers (10 s), 100 s of its own (10 s).
        ({"position": 3, "queue_length": 3}, 20.0),
    ],
)
def test_what_is_left_and_what_waits_before_it_over_the_speed(job: dict[str, Any], eta: float) -> None:
    assert eta_s(job_view(**(SPAN | {"done_s": 0.0} | job)), POOL) == eta


@pytest.mark.parametrize(
    ("job", "pool"),
    [
        ({"audio_s": None}, POOL),
        ({"stage": "prepare"}, POOL),
        ({"state": RunState.COMPLETED}, POOL),
        ({}, replace(POOL, speed=None)),
        ({}, replace(POOL, live_workers=0)),
    ],
)
def test_what_cannot_be_told_is_not_told(job: dict[str, Any], pool: Any) -> None:
    assert eta_s(job_view(**(SPAN | job)), pool) is None
