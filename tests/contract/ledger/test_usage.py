"""Usage survives everything: two housekeepers at once, one that comes late, and a Redis that comes back empty."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from stenopool.ledger import keys
from stenopool.ledger import operations as op
from stenopool.ledger.ledger import Ledger
from stenopool.ledger.model import DayCounts
from stenopool.ledger.quotas import LedgerDays, date_of
from stenopool.media.epoch import write_epoch
from stenopool.media.local_store import LocalStore
from stenopool.usage import roll_up, stored_usage, usage_of
from tests.contract.ledger.bench import Bench
from tests.unit.ledger.model_quotas import DAY_MS


class Office:
    """A ledger, a store and who rolls up."""

    def __init__(self, bench: Bench, store: LocalStore) -> None:
        self.bench = bench
        self.store = store
        self.first_day = self.today

    @property
    def today(self) -> date:
        return date_of(self.bench.now // DAY_MS)

    def submit(self, tenant: str = "ann", times: int = 1) -> None:
        for _ in range(times):
            self.bench.do(op.submit(replace(self.bench.submission(), tenant=tenant, size_bytes=10)))

    def roll_up(self) -> tuple[int, int]:
        return roll_up(self.bench.ledger, self.store)

    def a_day_passes(self) -> None:
        self.bench.pass_time(DAY_MS / 1000)

    def counts(self, tenant: str = "ann", day: date | None = None) -> DayCounts:
        """As the API reads them."""
        counted = self.bench.do(op.usage(tenant))
        return usage_of(tenant, day or self.first_day, stored_usage(self.store, day or self.first_day), counted)

    def lose_redis(self, epoch: str) -> None:
        self.bench.client.flushdb()
        self.bench.pass_time(1)
        self.bench.do(op.set_epoch(epoch))
        write_epoch(self.store, epoch)


@pytest.fixture
def office(bench: Bench, data_dir: Path) -> Office:
    store = LocalStore(data_dir / "store")
    write_epoch(store, "epoch-1")
    return Office(bench, store)


def test_what_is_counted_is_told_at_once_and_once(office: Office) -> None:
    office.submit(times=2)
    assert office.counts() == DayCounts(jobs=2, bytes=20)
    assert office.roll_up() == (1, 0)
    office.submit()
    assert office.counts() == DayCounts(jobs=3, bytes=30)
    assert (office.roll_up(), office.roll_up()) == ((1, 0), (0, 0))
    assert office.counts() == DayCounts(jobs=3, bytes=30)
    assert office.counts("bob") == DayCounts()


def test_a_day_that_is_over_is_kept_for_good_and_leaves_the_ledger(office: Office) -> None:
    office.submit(times=2)
    office.roll_up()
    office.submit("bob")
    office.a_day_passes()
    office.submit()
    assert office.roll_up() == (2, 1)
    assert [len(office.bench.do(op.usage()).days), office.counts("bob").jobs, office.counts().jobs] == [1, 1, 2]
    assert office.counts(day=office.today).jobs == 1
    [final] = list(office.store.keys(f"usage/{office.first_day}/"))
    assert final == f"usage/{office.first_day}/epoch-1.final.json"


def test_a_redis_that_comes_back_empty_takes_nothing_that_was_rolled_up(office: Office) -> None:
    office.submit(times=2)
    office.roll_up()
    office.lose_redis("epoch-2")
    assert office.counts().jobs == 2
    office.submit()
    assert office.counts().jobs == 3
    office.roll_up()
    office.a_day_passes()
    office.roll_up()
    assert office.counts().jobs == 3


def test_a_redis_that_forgot_its_last_second_takes_nothing_that_was_rolled_up(office: Office) -> None:
    office.submit()
    day = keys.day(str(office.bench.now // DAY_MS))
    office.submit()
    office.roll_up()
    office.bench.client.hset(day, "jobs:ann", "1")
    office.roll_up()
    assert office.counts().jobs == 2


def test_a_housekeeper_that_was_asleep_over_midnight_changes_nothing(office: Office) -> None:
    office.submit()
    stale = office.bench.do(op.usage())
    office.submit()
    office.a_day_passes()
    office.roll_up()
    roll_up(_Asleep(office.bench, stale), office.store)
    assert office.counts().jobs == 2
    office.roll_up()
    assert office.counts().jobs == 2


class _Asleep(Ledger):
    """Answers what it knew before."""

    def __init__(self, bench: Bench, stale: LedgerDays) -> None:
        super().__init__(bench.client, lambda _bells: None)
        self._stale = stale

    def do(self, call: object) -> object:  # type: ignore[override]  # One answer for all calls.
        return self._stale


@pytest.mark.parametrize("epoch", ["epoch-9", None])
def test_nothing_is_written_for_a_ledger_that_is_not_this_stores(office: Office, epoch: str | None) -> None:
    office.submit()
    if epoch is None:
        office.bench.client.delete("steno:epoch")
    else:
        write_epoch(office.store, epoch)
    assert office.roll_up() == (0, 0)
    assert list(office.store.keys("usage/")) == []


def test_what_cannot_be_read_is_passed_over(office: Office) -> None:
    office.submit()
    office.roll_up()
    office.store.replace(f"usage/{office.first_day}/epoch-0.json", b"{")
    assert office.counts().jobs == 1
