"""Deliveries to webhooks as the ledger knows them: what is due, what became of a try. Pure.

The ledger holds what is still to be told. Once told, or given up, it forgets; the store keeps the note
(``stenopool.webhooks.notes``).
"""

from dataclasses import dataclass
from enum import StrEnum

from stenopool.ledger.states import RunState
from stenopool.ledger.views import JobView


class DeliveryOutcome(StrEnum):
    """What became of a try to deliver."""

    DELIVERED = "delivered"
    FAILED = "failed"
    """It will be tried again."""
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try that failed."""

    at_ms: int
    status: int | None
    """HTTP status of the answer; None where none came."""
    reason: str
    """Stable code."""


@dataclass(frozen=True, slots=True)
class DueDelivery:
    """An event that is to be delivered now. ``delivery_id`` is the same for every try, also after a loss of Redis."""

    delivery_id: str
    run_number: int
    event: RunState
    """How the job ended."""
    at_ms: int
    """When it did."""
    job: JobView
    attempts: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """Answer of ``take_deliveries``."""

    deliveries: tuple[DueDelivery, ...] = ()


@dataclass(frozen=True, slots=True)
class PendingDelivery:
    """An event that is still to be delivered."""

    delivery_id: str
    run_number: int
    event: RunState
    at_ms: int
    next_ms: int
    """When it is due; while it is in somebody's hand, when it comes back if nothing is heard of it."""
    attempts: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True)
class DeliveryNote:
    """What became of a delivery. Without ``delay_ms`` it leaves the outbox; without ``outcome`` nothing was tried."""

    delivery_id: str
    take_id: str
    outcome: DeliveryOutcome | None = None
    delay_ms: int | None = None
    """It is due again after so long."""
    status: int | None = None
    reason: str = ""
    """Code of what went wrong, of letters, digits and ``_``."""


def delivery_id(job_id: str, run_number: int, event: RunState) -> str:
    """The id of an event; ``scripts/shared/outbox.lua`` makes the same."""
    return f"{job_id}-{run_number}-{event}"
