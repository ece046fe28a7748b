"""The postman on real Redis, a real store and real sockets: told once, under one id, to whoever asked."""

import asyncio
import json
import threading
import time
from datetime import datetime, timedelta
from typing import Any

import pytest
import redis
from standardwebhooks import Webhook, WebhookVerificationError

from api.services.webhook_log import JobLog
from beat.webhooks.letters import Desk
from beat.webhooks.postman import MOST_AT_ONCE, Postman
from beat.webhooks.wire import Wire
from stenopool.clock import from_ms, utc_now
from stenopool.keys.book import KeyBook
from stenopool.ledger import operations as op
from stenopool.ledger.ledger import AsyncLedger
from stenopool.ledger.model import Blame
from stenopool.media.store import manifest_key
from stenopool.redis_pools import async_redis_client
from stenopool.webhooks.notes import drop_notes, read_notes
from tests.integration.beat.post_office import PUBLIC_URL, Round, log_of, ring_nothing
from tests.integration.beat.receivers import Receiver, Said, receiver
from tests.integration.rebuild.office import OPENINGS, TENANT, Office
from tests.waiting import wait_until


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


def test_a_deleted_job_is_told_of_no_more(office: Office, client: redis.Redis, deliver: Round) -> None:
    with receiver() as app:
        job_id = office.submit("a", webhook_url=app.url)
        office.finish_all()
        office.delete(job_id)
        deliver()
    assert app.heard == []
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
    postman = Postman(AsyncLedger(client, ring_nothing), office.store, Desk(office.store, ""), wire)
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
