"""What the doctor says of workers and queue, by a real ledger."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from stenopool.doctor.finding import Finding, Level
from stenopool.doctor.of_work import look_at_work
from stenopool.ledger import operations as op
from stenopool.ledger.census import Census, PoolCensus
from stenopool.ledger.ledger import Ledger
from stenopool.ledger.model import WorkerPulse
from stenopool.local.ports import free_port
from stenopool.queueing.names import HOUSE, PREPARE, recognise_pool
from stenopool.redis_pools import redis_client
from stenopool.settings import load_settings

SETTINGS = load_settings({})
POOL = recognise_pool("faster-whisper", "base")


@dataclass
class Office:
    ledger: Ledger

    def register(self, *pools: str) -> None:
        for pool in pools:
            self.ledger.do(op.register(WorkerPulse(pool, (pool,), "i", "desk", 7, "idle"), 30_000))

    def looked(self) -> dict[str, Finding]:
        return {finding.code: finding for finding in look_at_work(SETTINGS, self.ledger)}


@pytest.fixture
def office(redis_url: str) -> Iterator[Office]:
    with redis_client(redis_url) as client:
        yield Office(Ledger(client, lambda _bells: None))


def test_before_the_first_start_nothing_is_missing(office: Office) -> None:
    assert office.looked()["workers"].found == "nothing runs yet"
    assert office.looked()["queue"].found == "nothing waits"


def test_a_kind_of_worker_that_is_missing_is_named(office: Office) -> None:
    office.register(PREPARE, POOL)
    found = office.looked()["workers"]
    assert (found.level, found.found) == (Level.WARN, "no live worker: house")
    office.register(HOUSE)
    assert office.looked()["workers"].found == "1 prepare, 1 recognise, 1 house"


def test_workers_that_are_drained_are_told_with_the_way_back(office: Office) -> None:
    office.register(PREPARE, POOL, HOUSE)
    office.ledger.do(op.drain(op.EVERYBODY))
    found = office.looked()["workers"]
    assert (found.level, found.remedy) == (Level.WARN, "stenopool drain --all --off")


def test_work_that_waits_for_hours_is_warned_of() -> None:
    waiting = PoolCensus(None, 1, waiting=3, waiting_runs=3, waiting_s=90.0, oldest_s=7300.0, open=3)

    class Late(Ledger):
        """Nobody waits for two hours here."""

        def do(self, call: object) -> Census:  # type: ignore[override]
            return Census("e", {PREPARE: waiting}, {}, 0, {}, {}, 0, 0)

    with redis_client(f"redis://127.0.0.1:{free_port()}/0") as client:
        found = {finding.code: finding for finding in look_at_work(SETTINGS, Late(client, lambda _bells: None))}
    assert (found["queue"].level, found["queue"].found) == (
        Level.WARN,
        "3 pieces of work wait, the oldest for 122 min",
    )


def test_without_redis_it_is_said_that_nothing_is_known() -> None:
    with redis_client(f"redis://127.0.0.1:{free_port()}/0") as client:
        (found,) = look_at_work(SETTINGS, Ledger(client, lambda _bells: None))
    assert (found.code, found.level) == ("workers", Level.WARN)
