"""Receivers that fail, housekeepers that die, a Redis that is lost: the same delivery comes again under the same id."""

import pytest
import redis

from api.services.webhook_log import DeliveryState
from beat.webhooks.postman import LEASE_MS
from stenopool.ledger import operations as op
from stenopool.rebuild import rebuild_if_lost
from tests.integration.beat.post_office import Round, log_of, make_due
from tests.integration.beat.receivers import Said, receiver
from tests.integration.rebuild.office import Office

BAD = Said(500)


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
