"""The pure model's outbox: what webhooks are still to be told."""

from stenopool.ledger.model import Attempt, DeliveryNote, DeliveryOutcome, DueDelivery, PendingDelivery, RunState, Taken
from tests.unit.ledger.model_moves import Moves
from tests.unit.ledger.model_records import Delivery
from tests.unit.ledger.model_views import Views

MOST_DELAY_MS = 9 * 3600 * 1000


class Outbox(Views, Moves):
    def take_deliveries(self, take_id: str, limit: int, lease_ms: int) -> Taken:
        if take_id in self.takes:
            held = [name for name in self.takes[take_id] if name in self.outbox]
            return self._taken([name for name in held if self.outbox[name].taken == take_id])
        far = [delivery for delivery in self.outbox.values() if delivery.due > self.now + MOST_DELAY_MS]
        for delivery in sorted(far, key=lambda delivery: delivery.due)[:limit]:
            delivery.due = self.now + MOST_DELAY_MS
        due = sorted((entry.due, name) for name, entry in self.outbox.items() if entry.due <= self.now)
        names = []
        for _, name in due[:limit]:
            delivery = self.outbox[name]
            delivery.due, delivery.taken = self.now + lease_ms, take_id
            names.append(name)
        if names:
            self.takes[take_id] = names
        return self._taken(names)

    def _taken(self, names: list[str]) -> Taken:
        return Taken(tuple(self._due(name, self.outbox[name]) for name in names))

    def _due(self, name: str, delivery: Delivery) -> DueDelivery:
        view = self.view(delivery.job, self.jobs[delivery.job].tenant).job
        assert view is not None
        return DueDelivery(
            name, delivery.run_number, delivery.event, delivery.at, view, attempts=tuple(delivery.attempts)
        )

    def note_delivery(self, note: DeliveryNote) -> None:
        delivery = self.outbox.get(note.delivery_id)
        if delivery is None:
            return
        if delivery.taken != note.take_id and note.outcome is not DeliveryOutcome.DELIVERED:
            return
        if note.delay_ms is None:
            del self.outbox[note.delivery_id]
            return
        delivery.taken, delivery.due = "", self.now + note.delay_ms
        if note.outcome is not None:
            delivery.attempts.append(Attempt(self.now, note.status, note.reason))

    def pending_deliveries(self, job_id: str, tenant: str) -> tuple[PendingDelivery, ...]:
        job = self.jobs.get(job_id)
        if job is None or job.tenant != tenant:
            return ()
        order = (RunState.COMPLETED, RunState.FAILED, RunState.CANCELLED)
        own = [(name, entry) for name, entry in self.outbox.items() if entry.job == job_id]
        return tuple(
            PendingDelivery(name, entry.run_number, entry.event, entry.at, entry.due, tuple(entry.attempts))
            for name, entry in sorted(own, key=lambda pair: order.index(pair[1].event))
        )
