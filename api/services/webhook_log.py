"""What a job's webhook was told, and what it is still to be told: from the store's notes and the ledger's outbox."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

import anyio.to_thread

from api.services.deadline import AnyLedger
from api.services.lookup import Lookup
from api.services.manifests import Manifests
from stenopool.clock import from_ms
from stenopool.ledger import operations as op
from stenopool.ledger.model import Attempt, PendingDelivery
from stenopool.media.store import Store
from stenopool.webhooks.notes import ToldNote, TryNote, read_notes
from stenopool.webhooks.payload import event_type


class DeliveryState(StrEnum):
    """How far a delivery is."""

    PENDING = "pending"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True)
class LoggedTry:
    """One try."""

    at: datetime
    status: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class LoggedDelivery:
    """One event."""

    delivery_id: str
    event: str
    state: DeliveryState
    created_at: datetime
    next_try_at: datetime | None
    tries: tuple[LoggedTry, ...]


@dataclass(frozen=True, slots=True)
class JobLog:
    """All events of a job, oldest first."""

    job_id: str
    url: str | None
    """Where they go; None where the job has no webhook, or the store does not tell just now."""
    deliveries: tuple[LoggedDelivery, ...]


class WebhookLog:
    """Reads; changes nothing."""

    def __init__(self, ledger: AnyLedger, store: Store, lookup: Lookup) -> None:
        self._ledger = ledger
        self._store = store
        self._lookup = lookup
        self._manifests = Manifests(store)

    async def of(self, job_id: str, tenant: str) -> JobLog:
        """The log of a job. Two Redis round trips and a look into the store.

        Raises:
            UsageError: ``unknown_job``.
            TransientError: ``ledger_unavailable``, ``ledger_lost``, ``store_unavailable``.
        """
        job = await self._lookup.job(job_id, tenant)
        manifest = await self._manifests.read(job)
        if manifest is None or manifest.webhook_url is None:
            return JobLog(job_id, None, ())
        pending = await self._ledger.do(op.pending_deliveries(job_id, tenant))
        day = date.fromisoformat(job.manifest_day)
        notes = await anyio.to_thread.run_sync(read_notes, self._store, day, job_id)
        return JobLog(job_id, manifest.webhook_url, tuple(_merged(notes, pending)))


def _merged(notes: Iterable[ToldNote], pending: Iterable[PendingDelivery]) -> Iterable[LoggedDelivery]:
    """Notes first. What is noted and still in the outbox is over: its housekeeper was just about to say so."""
    noted = {note.delivery_id: note for note in notes}
    yield from (_told(note) for note in noted.values())
    yield from (_awaited(delivery) for delivery in pending if delivery.delivery_id not in noted)


def _told(note: ToldNote) -> LoggedDelivery:
    return LoggedDelivery(
        note.delivery_id,
        event_type(note.event),
        DeliveryState(note.outcome),
        note.at,
        None,
        tuple(_try_of_note(tried) for tried in note.tries),
    )


def _awaited(delivery: PendingDelivery) -> LoggedDelivery:
    return LoggedDelivery(
        delivery.delivery_id,
        event_type(delivery.event),
        DeliveryState.PENDING,
        from_ms(delivery.at_ms),
        from_ms(delivery.next_ms),
        tuple(_try(attempt) for attempt in delivery.attempts),
    )


def _try(attempt: Attempt) -> LoggedTry:
    return LoggedTry(from_ms(attempt.at_ms), attempt.status, attempt.reason)


def _try_of_note(tried: TryNote) -> LoggedTry:
    return LoggedTry(tried.at, tried.status, tried.reason)
