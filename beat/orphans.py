"""A round of orphans: what stands on one side only, store or ledger, and has for a day.

An object that no record and no manifest names goes. A record without a manifest is a deletion that was interrupted, and is
finished. A manifest without a record means "create it", unless its job was deleted and a slow process wrote it back. All
this only between a store and a ledger of one epoch, both whole (rules 18 and 19).
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Final

from beat.retention import delete_job
from stenopool.clock import from_ms
from stenopool.ledger import operations as op
from stenopool.ledger import removal
from stenopool.ledger.ledger import Ledger
from stenopool.ledger.model import ForgetOutcome, RestoreOutcome
from stenopool.logs import get_logger
from stenopool.media.endings import write_endings
from stenopool.media.manifest import Manifest
from stenopool.media.removal import is_of_ledger, remove_manifest
from stenopool.media.store import Store, manifest_key
from stenopool.stored_jobs import StoredJobs

OLD: Final = timedelta(hours=24)
"""Younger ones may still be on their way into the ledger."""
ROUND_S: Final = 120.0
MOST: Final = 1000
"""Of each kind in a round. More at once would be a fault that somebody should look at."""

_BATCH: Final = 500
_CLOCK: Final = "clock"
_BODIES: Final = ("media/", "work/", "transcripts/", "peaks/", "gone/")

_log = get_logger(__name__)


@dataclass(slots=True)
class OrphansFound:
    """What a round did."""

    objects: int = 0
    """Removed: nobody's."""
    records: int = 0
    """Deletions finished of jobs without a manifest."""
    manifests: int = 0
    """Removed: of jobs that were deleted."""
    restored: int = 0
    """Jobs that only a manifest told of."""

    def __bool__(self) -> bool:
        return bool(self.objects or self.records or self.manifests or self.restored)


def find_orphans(ledger: Ledger, store: Store, limit_s: float = ROUND_S) -> OrphansFound:
    """Looks for orphans and settles them. Takes a look at every object's date: some ten seconds for a million.

    Raises:
        TransientError: ``ledger_unavailable`` or ``store_unavailable``: call again, nothing is done in vain.
    """
    found = OrphansFound()
    if not is_of_ledger(store, ledger.do(removal.overdue(1)).epoch):
        _log.warning("orphans_refused", reason="the store is not the one of this ledger")
        return found
    search = _Search(ledger, store, store_now(store) - OLD, time.monotonic() + limit_s)
    found.objects = search.remove_objects()
    found.records = search.finish_deletions()
    found.manifests, found.restored = search.settle_manifests()
    for kind, number in (("object", found.objects), ("record", found.records), ("manifest", found.manifests)):
        if number:
            ledger.do(removal.count_removed(f"orphan_{kind}", number))
    if found:
        _log.warning(
            "orphans_found",
            objects=found.objects,
            records=found.records,
            manifests=found.manifests,
            restored=found.restored,
        )
    return found


def store_now(store: Store) -> datetime:
    """The store's own clock: what it says of something written now."""
    store.replace(_CLOCK, b"")
    return store.written_at(_CLOCK)


def owner_of(key: str) -> str:
    """The name under which the ledger would know an object: ``media/<upload>``, or ``tr/<run>`` for all else."""
    folder, _, rest = key.partition("/")
    return key if folder == "media" else "tr/" + rest.partition("/")[0].partition(".")[0]


class _Search:
    """One round."""

    def __init__(self, ledger: Ledger, store: Store, before: datetime, until: float) -> None:
        self._ledger = ledger
        self._store = store
        self._jobs = StoredJobs(store)
        self._before = before
        self._until = until

    def remove_objects(self) -> int:
        candidates = self._strange_objects()
        if not candidates:
            return 0
        named = self._named_by_manifests()
        if self._jobs.unreadable:
            # What those name cannot be told: everything stays.
            _log.error("orphans_not_removed", unreadable_manifests=self._jobs.unreadable)
            return 0
        keys = [key for key in candidates if owner_of(key) not in named]
        return sum(self._store.delete(key) for key in keys)

    def finish_deletions(self) -> int:
        count = 0
        for job_id, tenant in list(self._records_without_manifest()):
            answer = self._ledger.do(removal.forget(job_id, tenant))
            if answer.outcome is ForgetOutcome.DELETING:
                delete_job(self._ledger, self._store, job_id, answer)
                count += 1
        return count

    def settle_manifests(self) -> tuple[int, int]:
        removed = restored = 0
        for manifest in list(self._manifests_without_record()):
            answer = self._ledger.do(removal.forget(manifest.job_id, manifest.tenant))
            if answer.outcome is ForgetOutcome.DELETING:
                remove_manifest(self._store, manifest.submitted_at.date(), manifest.job_id)
                removed += 1
            elif answer.outcome is ForgetOutcome.UNKNOWN:
                restored += self._restore(manifest)
        return removed, restored

    def _strange_objects(self) -> list[str]:
        old = (key for prefix in _BODIES for key in self._store.keys(prefix) if self._is_old(key))
        found: list[str] = []
        for keys in _batches(old):
            strange = self._strangers(dict.fromkeys(map(owner_of, keys)))
            found += [key for key in keys if owner_of(key) in strange]
            if len(found) >= MOST or time.monotonic() > self._until:
                break
        return found[:MOST]

    def _named_by_manifests(self) -> set[str]:
        named = set()
        for day in self._jobs.days():
            for key in self._jobs.keys(day):
                manifest = self._jobs.read(key)
                if manifest is not None:
                    named |= {manifest.media_key, f"tr/{manifest.transcription_id}", f"tr/{manifest.former}"}
        return named

    def _records_without_manifest(self) -> Iterator[tuple[str, str]]:
        cursor, found = "0", 0
        while found < MOST and time.monotonic() < self._until:
            page = self._ledger.do(removal.ended_jobs(cursor, _BATCH))
            for job in page.jobs:
                key = manifest_key(date.fromisoformat(job.manifest_day), job.job_id)
                if from_ms(job.created_ms) < self._before and not self._store.exists(key):
                    found += 1
                    yield job.job_id, job.tenant
            cursor = page.cursor
            if cursor == "0":
                return

    def _manifests_without_record(self) -> Iterator[Manifest]:
        found = 0
        for day in self._jobs.days():
            for keys in _batches(self._jobs.keys(day)):
                names = {f"job/{key.rpartition('/')[2].removesuffix('.json')}": key for key in keys}
                for name in self._strangers(names):
                    manifest = self._jobs.read(names[name]) if self._is_old(names[name]) else None
                    if manifest is not None:
                        found += 1
                        yield manifest
                if found >= MOST or time.monotonic() > self._until:
                    return

    def _restore(self, manifest: Manifest) -> bool:
        has_media, ending = self._store.exists(manifest.media_key), self._jobs.ending(manifest)
        if ending is None and not has_media:
            # Nothing ever came of it and nothing can: what its client was told was no 202.
            remove_manifest(self._store, manifest.submitted_at.date(), manifest.job_id)
            return False
        restored = self._ledger.do(op.restore(self._jobs.restoration(manifest, ending, has_media=has_media)))
        write_endings(self._store, restored.failed_runs)
        return restored.outcome is RestoreOutcome.OK

    def _strangers(self, names: Iterable[str]) -> set[str]:
        return set(self._ledger.do(removal.strangers(list(names))))

    def _is_old(self, key: str) -> bool:
        try:
            return self._store.written_at(key) < self._before
        except KeyError:
            return False


def _batches(things: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(things)
    while batch := list(islice(rest, _BATCH)):
        yield batch
