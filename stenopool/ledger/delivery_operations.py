"""Operations of the outbox: deliveries taken, noted, looked at. Pure."""

from dataclasses import asdict
from typing import Final

from pydantic import TypeAdapter

from stenopool.ledger.call import Call, argument
from stenopool.ledger.outbox import DeliveryNote, PendingDelivery, Taken

_TAKEN: Final = TypeAdapter(Taken).validate_json
_PENDING: Final = TypeAdapter(tuple[PendingDelivery, ...]).validate_json
_NOTHING: Final = TypeAdapter(None).validate_json


def take_deliveries(take_id: str, limit: int, lease_ms: int) -> Call[Taken]:
    """Hands out up to ``limit`` deliveries that are due, for as long as ``lease_ms``; the longest due first.

    The same ``take_id`` gets the same ones. What is not noted by the end of the lease is due again.
    """
    return Call("take_deliveries", argument({"take_id": take_id, "limit": limit, "lease_ms": lease_ms}), _TAKEN)


def note_delivery(note: DeliveryNote) -> Call[None]:
    """What became of a delivery that was taken. Nothing when another has taken it since, unless it was delivered."""
    return Call("note_delivery", argument(asdict(note)), _NOTHING)


def pending_deliveries(job_id: str, tenant: str) -> Call[tuple[PendingDelivery, ...]]:
    """What a job's webhook is still to be told; none of a foreign job. Read only."""
    return Call("pending_deliveries", argument({"job_id": job_id, "tenant": tenant}), _PENDING)
