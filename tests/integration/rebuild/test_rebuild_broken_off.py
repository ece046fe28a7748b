"""A rebuild that is broken off anywhere, or done by two at once, brings every job back all the same."""

import random
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
import redis

from stenopool import rebuild
from stenopool.errors import TransientError
from stenopool.ledger import keys
from stenopool.ledger.call import Call
from stenopool.ledger.ledger import Ledger
from stenopool.ledger.model import RunState
from stenopool.media.epoch import read_epoch
from stenopool.media.local_store import LocalStore
from stenopool.rebuild import rebuild_if_lost
from stenopool.rebuild_lock import RebuildLock
from tests.integration.rebuild.long_day import a_long_day
from tests.integration.rebuild.office import Office, as_after_a_loss, rebuilt

T = TypeVar("T")


class KilledError(Exception):
    """The rebuilder is killed here."""


class Fuse:
    """Lets so many steps pass, then breaks."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def burn(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise KilledError


class FusedStore(LocalStore):
    def __init__(self, root: Path, fuse: Fuse) -> None:
        super().__init__(root)
        self._fuse = fuse

    def get(self, key: str) -> bytes:
        self._fuse.burn()
        return super().get(key)

    def replace(self, key: str, body: bytes) -> None:
        self._fuse.burn()
        super().replace(key, body)
        self._fuse.burn()


class FusedLedger(Ledger):
    def __init__(self, client: redis.Redis, fuse: Fuse) -> None:
        super().__init__(client, lambda _bells: None)
        self._fuse = fuse

    def do(self, call: Call[T]) -> T:
        self._fuse.burn()
        answer = super().do(call)
        # Here the reply is lost.
        self._fuse.burn()
        return answer


def test_a_rebuild_may_be_broken_off_anywhere_and_goes_on(office: Office, tmp_path: Path) -> None:
    a_small_day(office)
    before = office.all_shown()
    expected = {job: as_after_a_loss(shown) for job, shown in before.items()}
    for steps in range(1000):
        office.lose_redis()
        fuse = Fuse(steps)
        try:
            rebuild_if_lost(office.client, FusedLedger(office.client, fuse), FusedStore(tmp_path / "store", fuse))
        except KilledError:
            # Nobody is told anything wrong meanwhile.
            for job, shown in office.all_shown().items():
                assert shown.answer in ("ledger_lost", expected[job].answer)
            rebuild_if_lost(office.client, office.ledger, office.store)
        assert office.all_shown() == expected, f"broken off at step {steps}"
        assert read_epoch(office.store) == office.client.get(keys.EPOCH)
        if fuse.left >= 0:
            break
    assert steps > 50


def a_small_day(office: Office) -> None:
    """One job of each kind, and a pair of which one left."""
    office.submit("a")
    office.finish_all()
    office.submit("a")
    office.submit("b")
    span = office.next_span()
    assert span is not None
    office.worker.fail(span, "no_audio")
    office.cancel(office.submit("c"))
    pair = office.submit("d"), office.submit("d")
    office.cancel(pair[0])
    office.next_span()
    office.submit("e")


def test_a_redis_lost_once_more_during_the_rebuild_is_rebuilt_from_the_start(office: Office) -> None:
    class LosingStore(LocalStore):
        def replace(self, key: str, body: bytes) -> None:
            super().replace(key, body)
            if key == "epoch":
                office.lose_redis()

    job = office.submit("a")
    office.lose_redis()
    with pytest.raises(TransientError):
        rebuild_if_lost(office.client, office.ledger, LosingStore(office.store._root))
    assert office.shown(job).answer == "ledger_lost"
    rebuilt(office)
    assert office.shown(job).answer == RunState.QUEUED
    assert read_epoch(office.store) == office.client.get(keys.EPOCH)


def test_of_two_rebuilders_one_rebuilds(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    a_small_day(office)
    office.lose_redis()
    lock = office.client.lock(keys.REBUILD_LOCK, timeout=60)
    assert lock.acquire(blocking=False)
    assert rebuild_if_lost(office.client, office.ledger, office.store) is None
    lock.release()
    assert rebuild_if_lost(office.client, office.ledger, office.store) is not None


def test_two_rebuilders_that_both_believe_to_be_alone_do_no_harm(office: Office) -> None:
    a_long_day(office, random.Random(7), 40)
    expected = {job: as_after_a_loss(shown) for job, shown in office.all_shown().items()}
    for _ in range(5):
        office.lose_redis()
        failures = in_parallel([_rebuild_alone(office, "lock-1"), _rebuild_alone(office, "lock-2")])
        assert failures == []
        answers = office.all_shown()
        assert {
            job: answers[job] for job in expected if answers[job].answer != "unknown_job"
        }.items() <= expected.items()
        assert read_epoch(office.store) == office.client.get(keys.EPOCH)


def _rebuild_alone(office: Office, lock_name: str) -> Callable[[], object]:
    def act() -> object:
        lock = RebuildLock(office.client, lock_name)
        assert lock.take()
        try:
            return rebuild._Rebuild(office.ledger, office.store, lock).run()
        finally:
            lock.leave()

    return act


def in_parallel(acts: list[Callable[[], object]]) -> list[BaseException]:
    """What they raised."""
    failures: list[BaseException] = []

    def guarded(act: Callable[[], object]) -> None:
        try:
            act()
        except BaseException as error:  # noqa: BLE001 - told to the test
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return failures
