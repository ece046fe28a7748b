"""The postman: takes what is due from the ledger's outbox, delivers it, notes what came of it.

It works beside the housekeeper's tasks and not as one: a delivery leaves within a second or two of its job's end,
however long those tasks or the workers are busy. Any number of housekeepers may do it at once.
"""

import asyncio
import random
from collections.abc import Callable
from typing import Final, TypeVar

from beat.webhooks.crowd import Crowd
from beat.webhooks.letters import Desk, Letter, Unsent, manifest_day
from beat.webhooks.wire import Wire
from stenopool.clock import from_ms, utc_now
from stenopool.errors import ErrorCode, StenopoolError, TransientError
from stenopool.failpoints import Failpoint, fail_at
from stenopool.ids import new_id
from stenopool.ledger import operations as op
from stenopool.ledger.call import Call
from stenopool.ledger.ledger import AsyncLedger
from stenopool.ledger.model import DeliveryNote, DeliveryOutcome, DueDelivery
from stenopool.logs import get_logger
from stenopool.media.store import Store
from stenopool.webhooks.notes import ToldNote, TryNote, write_note
from stenopool.webhooks.payload import event_type
from stenopool.webhooks.schedule import Reply, next_step

PERIOD_S: Final = 1.0
"""The outbox is looked into this often."""

MOST_AT_ONCE: Final = 64
"""Deliveries in hand of one housekeeper."""

LEASE_MS: Final = 90_000
"""Longer than a delivery can be in hand; what a killed housekeeper had in hand comes back after it."""

_LEDGER_S: Final = 5.0
_LAST_S: Final = 3.0
"""When the housekeeper stops, deliveries in hand get this long."""

T = TypeVar("T")

_log = get_logger(__name__)


class Postman:
    """Delivers webhooks until it is cancelled."""

    def __init__(self, ledger: AsyncLedger, store: Store, desk: Desk, wire: Wire) -> None:
        self._ledger = ledger
        self._store = store
        self._desk = desk
        self._wire = wire
        self._in_hand: set[asyncio.Task[None]] = set()
        self._crowd = Crowd()

    async def deliver_for_ever(self, note_look: Callable[[], None] = lambda: None) -> None:
        """Looks into the outbox again and again; whatever goes wrong, it goes on. At its end the last ones get a moment.

        Each look is told to ``note_look``.
        """
        trouble: str | None = None
        try:
            while True:
                found: str | None = None
                is_more = False
                note_look()
                try:
                    is_more = await self.take() == MOST_AT_ONCE
                except StenopoolError as error:
                    found = error.code
                except Exception:  # noqa: BLE001 - it outlives any fault of its own: nobody would notice its death.
                    _log.exception("outbox_not_read")
                    found = ErrorCode.INTERNAL_ERROR
                if found != trouble:
                    _log.warning("webhooks_in_trouble", code=found) if found else _log.info("webhooks_recovered")
                    trouble = found
                await asyncio.sleep(0 if is_more else PERIOD_S)
        finally:
            await self._let_go()

    async def take(self) -> int:
        """Begins to deliver what is due, as far as hands are free; answers how many.

        Raises:
            TransientError: ``ledger_unavailable``.
        """
        free = MOST_AT_ONCE - len(self._in_hand)
        if free <= 0:
            return 0
        take_id = new_id()
        taken = await self._ask(op.take_deliveries(take_id, free, LEASE_MS))
        for delivery in taken.deliveries:
            task = asyncio.create_task(self._carry(delivery, take_id), name="webhook")
            # The loop itself keeps no strong reference to a task.
            self._in_hand.add(task)
            task.add_done_callback(self._in_hand.discard)
        return len(taken.deliveries)

    async def idle(self) -> None:
        """Waits until nothing is in hand."""
        while self._in_hand:
            await asyncio.wait(self._in_hand)

    async def _carry(self, delivery: DueDelivery, take_id: str) -> None:
        """Delivers one and notes it. What cannot be noted comes back when its lease is over, under the same id."""
        job_id = delivery.job.job_id
        try:
            note = await self._deliver(delivery, take_id)
            fail_at(Failpoint.WEBHOOK_AMID_NOTES)
            await self._ask(op.note_delivery(note))
        except StenopoolError as error:
            _log.warning("webhook_not_noted", job_id=job_id, error=error.code)
        except Exception:  # noqa: BLE001 - a task's fault would be seen by nobody.
            _log.exception("webhook_failed", job_id=job_id)

    async def _deliver(self, delivery: DueDelivery, take_id: str) -> DeliveryNote:
        letter = await asyncio.to_thread(self._desk.write, delivery, utc_now())
        if isinstance(letter, Unsent):
            delay = letter.again_after
            return _put_back(delivery, take_id, None if delay is None else round(delay.total_seconds() * 1000))
        receiver = letter.receiver
        if self._crowd.is_full(receiver.authority):
            return _put_back(delivery, take_id, self._crowd.pause_ms(receiver.authority))
        async with self._crowd.turn(receiver.authority):
            reply = await self._wire.post(receiver, letter.headers(utc_now()), letter.body.encode())
        fail_at(Failpoint.WEBHOOK_AFTER_SENT)
        self._crowd.remember(receiver.authority, is_well=not reply.reason)
        return await self._settle(letter, take_id, reply)

    async def _settle(self, letter: Letter, take_id: str, reply: Reply) -> DeliveryNote:
        delivery = letter.delivery
        step = next_step(reply, len(delivery.attempts), random.random())  # noqa: S311 - spreads repetitions.
        _log.info(
            "webhook_tried",
            job_id=delivery.job.job_id,
            event_type=event_type(delivery.event),
            number=len(delivery.attempts) + 1,
            outcome=step.outcome,
            status=reply.status,
            reason=reply.reason,
        )
        if step.delay_ms is None:
            await asyncio.to_thread(self._note_for_good, delivery, step.outcome, reply)
        return DeliveryNote(
            delivery.delivery_id, take_id, step.outcome, step.delay_ms, status=reply.status, reason=reply.reason
        )

    def _note_for_good(self, delivery: DueDelivery, outcome: DeliveryOutcome, reply: Reply) -> None:
        """The store's note, before the ledger forgets. Without it a loss of Redis would cost one more telling."""
        before = tuple(
            TryNote(at=from_ms(attempt.at_ms), status=attempt.status, reason=attempt.reason)
            for attempt in delivery.attempts
        )
        last = TryNote(at=utc_now(), status=reply.status, reason=reply.reason)
        note = ToldNote(
            delivery_id=delivery.delivery_id,
            run_number=delivery.run_number,
            event=delivery.event,
            outcome="delivered" if outcome is DeliveryOutcome.DELIVERED else "given_up",
            at=from_ms(delivery.at_ms),
            tries=(*before, last),
        )
        try:
            write_note(self._store, manifest_day(delivery), delivery.job.job_id, note)
        except TransientError as error:
            _log.warning("delivery_not_in_store", job_id=delivery.job.job_id, error=error.code)

    async def _ask(self, call: Call[T]) -> T:
        try:
            async with asyncio.timeout(_LEDGER_S):
                return await self._ledger.do(call)
        except TimeoutError as error:
            raise TransientError(ErrorCode.LEDGER_UNAVAILABLE, "the ledger does not answer") from error

    async def _let_go(self) -> None:
        if self._in_hand:
            await asyncio.wait(self._in_hand, timeout=_LAST_S)
        for task in self._in_hand:
            task.cancel()


def _put_back(delivery: DueDelivery, take_id: str, delay_ms: int | None) -> DeliveryNote:
    return DeliveryNote(delivery.delivery_id, take_id, delay_ms=delay_ms)
