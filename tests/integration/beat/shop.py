"""The platform's parts around one ledger and one store, under a clock that the test moves."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import redis

from api.services.cancellation import Cancellation
from api.services.deletion import Deletion
from beat.retention import let_overdue_go
from stenopool.clock import to_ms, utc_now
from stenopool.errors import ErrorCode, TransientError
from stenopool.ledger.call import Call
from stenopool.ledger.ledger import Ledger
from stenopool.media.local_store import LocalStore
from stenopool.media.manifest import Manifest, read_manifest
from stenopool.rebuild import rebuild_if_lost
from tests.contract.ledger.redis_content import CLOCK_KEY, TEST_BOOK
from tests.integration.rebuild.office import TENANT, Awaited, EndingLedger, Office, run

T = TypeVar("T")
HOUR_S = 3600
DAY_S = 24 * HOUR_S
OWN = ("epoch", "clock")
"""What the store holds for itself."""


class Shop(Office):
    """An office where time passes and things go."""

    def __init__(self, client: redis.Redis, folder: Path) -> None:
        self._passed_s = 0
        self._client = client
        self.pass_time(0)
        super().__init__(client, folder)

    def make_ledger(self) -> Ledger:
        return EndingLedger(self.client, self.store, TEST_BOOK)

    def pass_time(self, seconds: int) -> None:
        """By Redis' clock."""
        self._passed_s += seconds
        self._client.set(CLOCK_KEY, to_ms(utc_now()) + 1000 * self._passed_s)

    def retain(self) -> int:
        return let_overdue_go(self.ledger, self.store)

    def remove(self, job_id: str) -> str:
        ledger = Awaited(self.ledger)
        lookup = self.lookup()
        deletion = Deletion(ledger, self.store, lookup, Cancellation(ledger, self.store, lookup))
        return run(deletion.remove(job_id, TENANT)).how

    def fail_next(self, code: str = "no_audio") -> None:
        self.worker.fail(self.worker.prepare_only(), code)

    def manifest(self, job_id: str) -> Manifest:
        [key] = [key for key in self.store.keys("manifests/") if job_id in key]
        return read_manifest(self.store.get(key))

    def held(self) -> set[str]:
        """All that the store holds for jobs, by the first part of its key."""
        return {key.partition("/")[0] for key in self.all_keys()} - set(OWN)

    def all_keys(self) -> Iterator[str]:
        root = self.store.path("epoch").parent
        for folder, _folders, files in os.walk(root):
            yield from ((Path(folder) / name).relative_to(root).as_posix() for name in files)

    def rebuild(self) -> None:
        """Redis loses everything and is filled again."""
        self.client.flushall()
        self.pass_time(0)
        self.worker.register()
        rebuild_if_lost(self.client, self.ledger, self.store)

    def age(self, *keys: str, hours: float = 25) -> None:
        """Makes objects older by the store's own clock."""
        for key in keys:
            file = self.store.path(key)
            moment = file.stat().st_mtime - hours * HOUR_S
            os.utime(file, (moment, moment))


class Interrupted(LocalStore):
    """A store that does so many removals and then none."""

    def __init__(self, root: Path, removals: int) -> None:
        super().__init__(root)
        self.left = removals

    def delete(self, key: str) -> bool:
        self._count()
        return super().delete(key)

    def delete_all(self, prefix: str) -> int:
        self._count()
        return super().delete_all(prefix)

    def _count(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise TransientError(ErrorCode.STORE_UNAVAILABLE, "the store does not answer")


class Dying(Ledger):
    """A ledger that answers so many calls; then its caller is dead."""

    def __init__(self, client: redis.Redis, calls: int) -> None:
        super().__init__(client, lambda _bells: None, TEST_BOOK)
        self.left = calls

    def do(self, call: Call[T]) -> T:
        self.left -= 1
        if self.left < 0:
            raise TransientError(ErrorCode.LEDGER_UNAVAILABLE, "the ledger does not answer")
        return super().do(call)
