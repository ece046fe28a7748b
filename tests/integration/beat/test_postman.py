"""The postman on real Redis, a real store and real sockets: told once, under one id, to whoever asked."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from standardwebhooks import Webhook, WebhookVerificationError

from api.services.lookup import Lookup
from api.services.pools import PoolWatch
from api.services.webhook_log import DeliveryState, JobLog, WebhookLog
from beat.webhooks.letters import Desk
from beat.webhooks.postman import LEASE_MS, MOST_AT_ONCE, Postman
from beat.webhooks.wire import Wire
from stenopool.clock import from_ms, utc_now
from stenopool.keys.book import KeyBook
from stenopool.ledger import operations as op
from stenopool.ledger.ledger import AsyncLedger
from stenopool.ledger.model import Blame
from stenopool.media.store import manifest_key
from stenopool.rebuild import rebuild_if_lost
from stenopool.redis_pools import async_redis_client, redis_client
from stenopool.webhooks.notes import drop_notes, read_notes
from tests.integration.beat.receivers import Receiver, Said, receiver
from tests.integration.rebuild.office import OPENINGS, TENANT, Awaited, Office
from tests.waiting import wait_until

BAD = Said(500)
PUBLIC_URL = "https://api.example"


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with redis_client(redis_url) as connected:
        yield connected


@pytest.fixture
def office(client: redis.Redis, tmp_path: Path) -> Office:
    return Office(client, tmp_path)


class Round:
    """Housekeepers that go through the outbox once, all at the same time."""

    def __init__(self, office: Office, redis_url: str) -> None:
        self._office = office
        self._url = redis_url

    def __call__(self, housekeepers: int = 1) -> None:
        asyncio.run(self._go(housekeepers))

    async def _go(self, housekeepers: int) -> None:
        await asyncio.gather(*(self._deliver() for _ in range(housekeepers)))

    async def _deliver(self) -> None:
        client = async_redis_client(self._url)
        wire = Wire(OPENINGS, MOST_AT_ONCE)
        ledger = AsyncLedger(client, _ring_nothing)
        postman = Postman(ledger, self._office.store, Desk(self._office.store, PUBLIC_URL), wire)
        try:
            while await postman.take():
                await postman.idle()
        finally:
            await wire.close()
            await client.aclose()


async def _ring_nothing(_bells: object) -> None:
    """Deliveries make no work."""


@pytest.fixture
def deliver(office: Office, redis_url: str) -> Round:
    return Round(office, redis_url)


def make_due(client: redis.Redis) -> None:
    """Lets all pauses and leases end."""
    for name in client.zrange("steno:outbox", 0, -1):
        client.zadd("steno:outbox", {str(name): 0})


def log_of(office: Office, job_id: str) -> JobLog:
    ledger = Awaited(office.ledger)
    return asyncio.run(
        WebhookLog(ledger, office.store, Lookup(ledger, office.store, PoolWatch(ledger))).of(job_id, TENANT)
    )


def verified(office: Office, heard: Any) -> dict[str, Any]:
    [secret] = KeyBook(office.store).webhook_secrets(TENANT, utc_now())
    event: dict[str, Any] = Webhook(secret).verify(heard.body, dict(heard.headers))
    return event


def test_a_completed_job_is_told_signed_with_all_that_its_status_shows(office: Office, deliver: Round) -> None:
    with receiver() as app:
        job_id = office.submit("a", webhook_url=app.url, external_id="call-17", metadata='{"room": 4}')
        office.finish_all()
        deliver()
        deliver()
    [heard] = app.heard
    event = verified(office, heard)
    assert heard.headers["content-type"] == "application/json"
    assert event["type"] == "job.completed"
    data = event["data"]
    assert data.pop("options")["task"] == "transcribe"
    assert event["timestamp"] == data["ended_at"]
    created, started, ended = (
        datetime.fromisoformat(data.pop(f"{word}_at")) for word in ("created", "started", "ended")
    )
    assert created <= started <= ended
    assert data == {
        "job_id": job_id,
        "status": "completed",
        "filename": "a.wav",
        "cached": False,
        "attempts": 1,
        "duration": data["duration"],
        "model": "demo",
        "external_id": "call-17",
        "metadata": {"room": 4},
        "result": f"{PUBLIC_URL}/jobs/{job_id}/result",
        "error": None,
    }
    assert "words of" not in heard.body.decode()


def test_a_failure_a_cancel_and_a_hit_are_told_as_what_they_are(office: Office, deliver: Round) -> None:
    with receiver() as app:
        done = office.submit("a", webhook_url=app.url)
        office.finish_all()
        hit = office.submit("a", webhook_url=app.url)
        left = office.submit("b", webhook_url=app.url)
        office.cancel(left)
        failed = office.submit("c", webhook_url=app.url)
        span = office.next_span()
        assert span is not None
        office.ledger.do(op.fail(span.claim_id, "out_of_memory", Blame.INPUT))
        deliver()
    told = {event["data"]["job_id"]: event for event in (json.loads(heard.body) for heard in app.heard)}
    assert {job_id: event["type"] for job_id, event in told.items()} == {
        done: "job.completed",
        hit: "job.completed",
        left: "job.cancelled",
        failed: "job.failed",
    }
    assert told[hit]["data"]["cached"] is True
    assert told[left]["data"]["result"] is None
    assert told[failed]["data"]["error"]["code"] == "out_of_memory"
    assert told[failed]["data"]["error"]["hint"]


def test_threat_11_a_changed_body_a_changed_id_and_an_old_copy_are_refused(office: Office, deliver: Round) -> None:
    with receiver() as app:
        office.submit("a", webhook_url=app.url)
        office.finish_all()
        deliver()
    [heard] = app.heard
    [secret] = KeyBook(office.store).webhook_secrets(TENANT, utc_now())
    hook = Webhook(secret)
    headers = dict(heard.headers)
    hook.verify(heard.body, headers)
    with pytest.raises(WebhookVerificationError, match="No matching signature"):
        hook.verify(heard.body.replace(b"completed", b"cancelled"), headers)
    with pytest.raises(WebhookVerificationError, match="No matching signature"):
        hook.verify(heard.body, headers | {"webhook-id": "another"})
    with pytest.raises(WebhookVerificationError, match="No matching signature"):
        hook.verify(heard.body, headers | {"webhook-timestamp": str(int(headers["webhook-timestamp"]) + 60)})
    with pytest.raises(WebhookVerificationError, match="too old"):
        hook.verify(heard.body, headers | {"webhook-timestamp": str(int(headers["webhook-timestamp"]) - 301)})


def test_while_a_secret_changes_both_sign(office: Office, deliver: Round) -> None:
    book = KeyBook(office.store)
    [old] = book.webhook_secrets(TENANT, utc_now())
    book.rotate_webhook_secret(TENANT, utc_now(), timedelta(hours=1))
    new, _ = book.webhook_secrets(TENANT, utc_now())
    with receiver() as app:
        office.submit("a", webhook_url=app.url)
        office.finish_all()
        deliver()
    [heard] = app.heard
    for secret in (old, new):
        assert Webhook(secret).verify(heard.body, dict(heard.headers))["type"] == "job.completed"


def test_what_fails_comes_again_under_the_same_id_with_the_same_body(
    office: Office, client: redis.Redis, deliver: Round
) -> None:
    with receiver(BAD, Said(429, {"Retry-After": "60"}), Said()) as app:
        job_id = office.submit("a", webhook_url=app.url)
        office.finish_all()
        for _ in range(4):
            deliver()
            deliver()  # Not due yet.
            make_due(client)
    assert app.ids() == [f"{job_id}-1-completed"] * 3
    assert len({heard.body for heard in app.heard}) == 1
    [delivery] = log_of(office, job_id).deliveries
    assert (delivery.state, delivery.next_try_at) == (DeliveryState.DELIVERED, None)
    assert [(tried.status, tried.reason) for tried in delivery.tries] == [
        (500, "bad_status"),
        (429, "bad_status"),
        (204, ""),
    ]


def test_a_pending_one_tells_when_it_comes_again(office: Office, deliver: Round) -> None:
    with receiver(Said(503, {"Retry-After": "120"})) as app:
        job_id = office.submit("a", webhook_url=app.url)
        office.finish_all()
        deliver()
    log = log_of(office, job_id)
    [delivery] = log.deliveries
    assert log.url == app.url
    assert (delivery.event, delivery.state) == ("job.completed", DeliveryState.PENDING)
    assert delivery.next_try_at is not None
    pause = (delivery.next_try_at - delivery.tries[-1].at).total_seconds()
    assert 120 <= pause <= 132


def test_gone_ends_it_and_so_does_the_eleventh_failure(office: Office, client: redis.Redis, deliver: Round) -> None:
    with receiver(Said(410)) as gone, receiver(BAD) as bad:
        first = office.submit("a", webhook_url=gone.url)
        second = office.submit("b", webhook_url=bad.url)
        office.finish_all()
        for _ in range(13):
            deliver()
            make_due(client)
    assert (len(gone.heard), len(bad.heard)) == (1, 11)
    for job_id in (first, second):
        assert log_of(office, job_id).deliveries[0].state is DeliveryState.GIVEN_UP
    counts = client.hgetall("steno:count")
    assert {name: int(counts[f"webhook.{name}"]) for name in ("failed", "given_up")} == {"failed": 10, "given_up": 2}
    assert not client.exists("steno:outbox")


def test_housekeepers_beside_each_other_tell_each_event_once(
    office: Office, client: redis.Redis, deliver: Round
) -> None:
    with receiver() as app:
        jobs = [office.submit("a", webhook_url=app.url) for _ in range(60)]
        office.finish_all()
        for _ in range(3):
            deliver(housekeepers=3)
            # Of those that had to stand back because the receiver had its hands full.
            make_due(client)
    assert sorted(app.ids()) == sorted(f"{job_id}-1-completed" for job_id in jobs)


def test_what_a_dead_housekeeper_had_in_hand_comes_back(office: Office, client: redis.Redis, deliver: Round) -> None:
    with receiver() as app:
        job_id = office.submit("a", webhook_url=app.url)
        office.finish_all()
        office.ledger.do(op.take_deliveries("dead", 10, LEASE_MS))
        deliver()
        assert app.heard == []
        make_due(client)
        deliver()
    assert app.ids() == [f"{job_id}-1-completed"]


def test_one_that_died_between_note_and_ledger_tells_nothing_twice(
    office: Office, client: redis.Redis, deliver: Round
) -> None:
    with receiver() as app:
        job_id = office.submit("a", webhook_url=app.url)
        office.finish_all()
        name = f"steno:outbox:{job_id}-1-completed"
        before = {str(field): str(text) for field, text in client.hgetall(name).items()}
        deliver()
        for field, text in before.items():
            client.hset(name, field, text)
        client.zadd("steno:outbox", {f"{job_id}-1-completed": 0})
        assert log_of(office, job_id).deliveries[0].state is DeliveryState.DELIVERED
        deliver()
    assert len(app.heard) == 1
    assert not client.exists("steno:outbox")


def test_after_a_loss_of_redis_the_told_stays_told_and_the_rest_keeps_its_id(
    office: Office, client: redis.Redis, deliver: Round
) -> None:
    with receiver() as app, receiver(BAD, Said()) as slow:
        told = office.submit("a", webhook_url=app.url)
        office.finish_all()
        deliver()
        left = office.submit("b", webhook_url=slow.url)
        office.cancel(left)
        deliver()
        waiting = office.submit("c", webhook_url=app.url)
        office.lose_redis()
        assert rebuild_if_lost(client, office.ledger, office.store) is not None
        assert client.zrange("steno:outbox", 0, -1) == [f"{left}-1-cancelled"]
        office.finish_all()
        deliver()
        deliver()
    assert app.ids() == [f"{told}-1-completed", f"{waiting}-1-completed"]
    assert slow.ids() == [f"{left}-1-cancelled"] * 2
    assert log_of(office, told).deliveries[0].state is DeliveryState.DELIVERED


def test_a_deleted_job_is_told_of_no_more(office: Office, client: redis.Redis, deliver: Round) -> None:
    with receiver() as app:
        job_id = office.submit("a", webhook_url=app.url)
        office.finish_all()
        office.delete(job_id)
        deliver()
    assert app.heard == []
    assert not client.exists("steno:outbox")


def test_a_store_that_is_not_there_deletes_no_job(office: Office, client: redis.Redis, deliver: Round) -> None:
    store = office.store._root
    with receiver() as app:
        office.submit("a", webhook_url=app.url)
        office.finish_all()
        store.rename(store.with_name("elsewhere"))
        deliver()
        store.with_name("elsewhere").rename(store)
        assert app.heard == []
        make_due(client)
        deliver()
    assert len(app.heard) == 1


def test_what_cannot_be_noted_is_told_all_the_same(
    office: Office, client: redis.Redis, deliver: Round, capfd: pytest.CaptureFixture[str]
) -> None:
    # Where the folder of notes should be there is a file.
    (office.store._root / "deliveries").write_bytes(b"")
    with receiver() as app:
        office.submit("a", webhook_url=app.url)
        office.finish_all()
        deliver()
    assert len(app.heard) == 1
    assert not client.exists("steno:outbox")


def test_a_receiver_that_hangs_holds_up_no_other(office: Office, redis_url: str) -> None:
    gate = threading.Event()
    with receiver(Said(before=lambda: gate.wait(60))) as hung, receiver() as app:
        for _ in range(100):
            office.submit("a", webhook_url=hung.url)
        last = office.submit("a", webhook_url=app.url)
        office.finish_all()
        took_s = asyncio.run(_until_told(office, redis_url, app))
        gate.set()
    assert app.ids() == [f"{last}-1-completed"]
    # Eight requests at most are under way to one receiver.
    assert len(hung.heard) <= 8
    assert took_s < 15, "three times what is promised"


async def _until_told(office: Office, redis_url: str, app: Receiver) -> float:
    client = async_redis_client(redis_url)
    wire = Wire(OPENINGS, MOST_AT_ONCE)
    postman = Postman(AsyncLedger(client, _ring_nothing), office.store, Desk(office.store, ""), wire)
    began = time.monotonic()
    work = asyncio.create_task(postman.deliver_for_ever())
    await asyncio.to_thread(wait_until, lambda: app.heard, 60, "the webhook to be told", every_s=0.05)
    took_s = time.monotonic() - began
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    await wire.close()
    await client.aclose()
    return took_s


def test_notes_go_with_their_job(office: Office, deliver: Round) -> None:
    with receiver() as app:
        job_id = office.submit("a", webhook_url=app.url)
        office.finish_all()
        deliver()
    view = office.ledger.do(op.view(job_id, TENANT)).job
    assert view is not None
    day = from_ms(view.created_ms).date()
    assert office.store.exists(manifest_key(day, job_id))
    assert len(read_notes(office.store, day, job_id)) == 1
    assert drop_notes(office.store, day, job_id) == 1
    assert read_notes(office.store, day, job_id) == ()


def test_a_job_without_a_webhook_has_an_empty_log(office: Office) -> None:
    job_id = office.submit("a")
    assert log_of(office, job_id) == JobLog(job_id, None, ())
