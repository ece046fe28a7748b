"""Key records behind short memories: Redis empty, frozen, forged or away never changes who may."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest

from api.services.known_keys import REMEMBERED_S, KnownKeys
from stenopool.keys.book import KeyBook, KeyWish
from stenopool.keys.copies import COPY_TTL_S, copy_name
from stenopool.keys.model import USUAL_SCOPES, KeyRecord
from stenopool.local.ports import free_port
from stenopool.local.redis_server import RedisServer
from stenopool.media.local_store import LocalStore
from stenopool.redis_pools import async_redis_client

T = TypeVar("T")
NOW = datetime(2030, 1, 1, tzinfo=UTC)


class Clock:
    """Seconds, moved by hand."""

    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def book(tmp_path: Path) -> KeyBook:
    return KeyBook(LocalStore(tmp_path))


@pytest.fixture
def record(book: KeyBook) -> KeyRecord:
    return book.create(KeyWish("acme", USUAL_SCOPES), NOW).record


def using(book: KeyBook, url: str, act: Callable[[KnownKeys, Clock], Awaitable[T]]) -> T:
    async def main() -> T:
        clock = Clock()
        async with async_redis_client(url) as client:
            return await act(KnownKeys(book, client, clock), clock)

    return asyncio.run(main())


def test_a_record_is_copied_to_redis_for_a_minute(book: KeyBook, record: KeyRecord, own_redis: RedisServer) -> None:
    assert using(book, own_redis.url, lambda keys, _clock: keys.get(record.key_id)) == record
    with own_redis.client() as client:
        assert 0 < int(client.ttl(copy_name(record.key_id))) <= COPY_TTL_S


def test_an_empty_redis_is_filled_from_the_store(book: KeyBook, record: KeyRecord, own_redis: RedisServer) -> None:
    async def act(keys: KnownKeys, clock: Clock) -> KeyRecord | None:
        await keys.get(record.key_id)
        with own_redis.client() as client:
            client.flushall()
        clock.now_s += REMEMBERED_S
        return await keys.get(record.key_id)

    assert using(book, own_redis.url, act) == record


def test_a_revocation_that_reached_redis_counts_after_seconds(
    book: KeyBook, record: KeyRecord, own_redis: RedisServer
) -> None:
    async def act(keys: KnownKeys, clock: Clock) -> tuple[KeyRecord | None, KeyRecord | None]:
        await keys.get(record.key_id)
        revoked = book.revoke(record.key_id, NOW)
        with own_redis.client() as client:
            client.set(copy_name(record.key_id), revoked.to_bytes(), ex=COPY_TTL_S)
        before = await keys.get(record.key_id)
        clock.now_s += REMEMBERED_S
        return before, await keys.get(record.key_id)

    before, after = using(book, own_redis.url, act)
    assert before == record
    assert after is not None
    assert after.revoked_at == NOW


def test_filling_redis_does_not_undo_a_revocation(book: KeyBook, record: KeyRecord, own_redis: RedisServer) -> None:
    revoked = book.revoke(record.key_id, NOW)
    book._store.replace(f"keys/api/{record.key_id}.json", record.to_bytes())  # Somebody read this a moment ago.
    with own_redis.client() as client:
        client.set(copy_name(record.key_id), revoked.to_bytes())

    async def act(keys: KnownKeys, _clock: Clock) -> None:
        await keys._original(record.key_id)

    using(book, own_redis.url, act)
    with own_redis.client() as client:
        assert "revoked_at" in str(client.get(copy_name(record.key_id)))


@pytest.mark.parametrize("forged", ["{}", "nonsense", ""])
def test_nonsense_in_redis_is_not_believed(
    book: KeyBook, record: KeyRecord, own_redis: RedisServer, forged: str
) -> None:
    with own_redis.client() as client:
        client.set(copy_name(record.key_id), forged)
    assert using(book, own_redis.url, lambda keys, _clock: keys.get(record.key_id)) == record


def test_a_copy_of_another_key_is_not_believed(book: KeyBook, record: KeyRecord, own_redis: RedisServer) -> None:
    other = book.create(KeyWish("evil", USUAL_SCOPES), NOW).record
    with own_redis.client() as client:
        client.set(copy_name(record.key_id), other.to_bytes())
    assert using(book, own_redis.url, lambda keys, _clock: keys.get(record.key_id)) == record


def test_without_redis_the_store_answers(book: KeyBook, record: KeyRecord) -> None:
    away = f"redis://127.0.0.1:{free_port()}/0"
    assert using(book, away, lambda keys, _clock: keys.get(record.key_id)) == record
    assert using(book, away, lambda keys, _clock: keys.get("0" * 12)) is None


def test_a_frozen_redis_costs_a_quarter_of_a_second_once(
    book: KeyBook, record: KeyRecord, own_redis: RedisServer
) -> None:
    async def act(keys: KnownKeys, clock: Clock) -> tuple[float, float]:
        loop = asyncio.get_running_loop()
        began = loop.time()
        assert await keys.get(record.key_id) == record
        first_s = loop.time() - began
        began = loop.time()
        for number in range(50):
            assert await keys.get(f"{number:012x}") is None
        return first_s, loop.time() - began

    own_redis.child.signal(signal.SIGSTOP)
    try:
        first_s, rest_s = using(book, own_redis.url, act)
    finally:
        own_redis.child.signal(signal.SIGCONT)
    # Three times what is promised.
    assert first_s < 0.75
    assert rest_s < 0.75


def test_the_door_closes_within_a_second_of_the_first_key_and_stays_so(book: KeyBook) -> None:
    async def act(keys: KnownKeys, clock: Clock) -> list[bool]:
        seen = [await keys.is_closed()]
        book.create(KeyWish("acme", USUAL_SCOPES), NOW)
        clock.now_s += 1.0
        seen.append(await keys.is_closed())
        book._store.delete("keys/closed")
        clock.now_s += 100.0
        seen.append(await keys.is_closed())
        return seen

    assert using(book, f"redis://127.0.0.1:{free_port()}/0", act) == [False, True, True]


def test_what_is_remembered_of_unknown_ids_is_bounded(book: KeyBook) -> None:
    async def act(keys: KnownKeys, _clock: Clock) -> int:
        for number in range(5000):
            keys._remembered[f"{number:012x}"] = (0.0, None)
        await keys.get("f" * 12)
        return len(keys._remembered)

    assert using(book, f"redis://127.0.0.1:{free_port()}/0", act) == 1
