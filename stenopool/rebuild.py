"""Rebuilds a lost ledger from the store: each manifest becomes a job again (rules 18 and 19 of the ledger).

What is to run comes first, of the last two days; then the ledger's epoch is set and work is taken on again; then all
the rest, newest day first, while an unknown job is "not restored yet". Every step may be repeated and broken off
anywhere, also by two processes at once: the lock only saves work.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import redis

from stenopool.clock import to_ms, utc_now
from stenopool.errors import ErrorCode, TransientError
from stenopool.failpoints import Failpoint, fail_at
from stenopool.ids import new_id
from stenopool.ledger import operations as op
from stenopool.ledger.ledger import Ledger
from stenopool.ledger.model import (
    FailedRun,
    LiveJob,
    RestoredEnding,
    RestoreOutcome,
    RunState,
)
from stenopool.logs import get_logger
from stenopool.media.endings import write_endings
from stenopool.media.epoch import write_epoch
from stenopool.media.manifest import Manifest
from stenopool.media.store import Store, transcript_key
from stenopool.rebuild_lock import RebuildLock
from stenopool.stored_jobs import StoredJobs

_log = get_logger(__name__)


@dataclass(slots=True)
class Rebuilt:
    """What a rebuild did, in manifests."""

    restored: int = 0
    known: int = 0
    """Jobs that were there already."""
    unreadable: int = 0
    """Left aside: no manifests, or of a newer release."""


def rebuild_if_lost(client: redis.Redis, ledger: Ledger, store: Store) -> Rebuilt | None:
    """Rebuilds the ledger if it was lost, or goes on where a rebuild was broken off.

    One round trip when nothing is lost. Else about a millisecond a job; None also when another process is at it.

    Raises:
        TransientError: ``ledger_unavailable`` or ``store_unavailable``: call again, nothing is done in vain.
    """
    if not _is_lost(ledger):
        return None
    lock = RebuildLock(client)
    try:
        if not lock.take():
            return None
        try:
            # Another one may have finished between the look and the lock.
            return _Rebuild(ledger, store, lock).run() if _is_lost(ledger) else None
        finally:
            lock.leave()
    except redis.RedisError as error:
        raise TransientError(ErrorCode.LEDGER_UNAVAILABLE, "the rebuild was broken off") from error


def _is_lost(ledger: Ledger) -> bool:
    life = ledger.do(op.life())
    return life.epoch is None or life.restoring is not None


class _Rebuild:
    """One rebuild, under its lock."""

    def __init__(self, ledger: Ledger, store: Store, lock: RebuildLock) -> None:
        self._ledger = ledger
        self._store = store
        self._lock = lock
        self._done = Rebuilt()
        self._jobs = StoredJobs(store)

    def run(self) -> Rebuilt:
        began = time.monotonic()
        coming = self._ledger.do(op.begin_restoring(new_id()))
        if self._ledger.do(op.life()).epoch is None:
            _log.warning("rebuild_begins")
            self._restore_open()
            self._open_ledger(coming)
            _log.info("rebuild_open", restored=self._done.restored, after_s=round(time.monotonic() - began, 1))
            fail_at(Failpoint.REBUILD_BEFORE_HISTORY)
        self._restore_all()
        self._ledger.do(op.end_restoring(coming))
        self._done.unreadable = self._jobs.unreadable
        _log.info(
            "rebuild_done",
            restored=self._done.restored,
            known=self._done.known,
            unreadable=self._done.unreadable,
            after_s=round(time.monotonic() - began, 1),
        )
        return self._done

    def _restore_open(self) -> None:
        """What is to run, of the last two days; and what failed, so that no run is begun of which that is known."""
        to_run = []
        today = utc_now().date()
        # Tomorrow's too: the clock of an API host may be ahead.
        for day in (today + timedelta(days=offset) for offset in (1, 0, -1)):
            for manifest in self._manifests(day):
                if manifest.ending is None and not self._store.exists(transcript_key(manifest.transcription_id)):
                    to_run.append(manifest)
                elif manifest.ending is not None and manifest.ending.state == "failed":
                    self._restore(manifest)
        for manifest in sorted(to_run, key=lambda open_one: open_one.submitted_at):
            self._restore(manifest)

    def _open_ledger(self, coming: str) -> None:
        """Sets the epoch in both, a new one: a Redis of the life before, should it come back, is then a stranger.

        The store's first. Broken off in between, the ledger has none still, and the rebuild goes on with the same
        one; the other way round two different ones would stand against each other.
        """
        self._lock.renew()
        fail_at(Failpoint.REBUILD_BEFORE_EPOCHS)
        write_epoch(self._store, coming)
        fail_at(Failpoint.REBUILD_BETWEEN_EPOCHS)
        in_force = self._ledger.do(op.open_restored(coming))
        if in_force != coming:
            # Redis was lost once more, and perhaps rebuilt by another: then that one's epoch counts.
            if in_force is not None:
                write_epoch(self._store, in_force)
            raise TransientError(ErrorCode.LEDGER_UNAVAILABLE, "the ledger was lost while it was rebuilt")

    def _restore_all(self) -> None:
        # Counted in the first look, which saw the last days only.
        self._jobs.unreadable = 0
        for day in self._jobs.days():
            for manifest in self._manifests(day):
                self._restore(manifest)

    def _manifests(self, day: date) -> Iterator[Manifest]:
        for key in self._jobs.keys(day):
            self._lock.keep()
            manifest = self._jobs.read(key)
            if manifest is not None:
                yield manifest

    def _restore(self, manifest: Manifest) -> None:
        self._lock.keep()
        has_media = self._store.exists(manifest.media_key)
        ending = self._jobs.ending(manifest)
        if ending is None and not has_media:
            # Nothing is left that could be transcribed.
            ending = RestoredEnding(RunState.FAILED, to_ms(utc_now()), ErrorCode.INPUT_MISSING)
        restored = self._ledger.do(op.restore(self._jobs.restoration(manifest, ending, has_media=has_media)))
        write_endings(self._store, restored.failed_runs)
        if restored.outcome is RestoreOutcome.KNOWN:
            self._done.known += 1
            return
        self._done.restored += 1
        if manifest.ending is None and ending is not None and ending.state is RunState.FAILED:
            write_endings(self._store, [_failed_alone(manifest, ending.ended_ms)])


def _failed_alone(manifest: Manifest, ended_ms: int) -> FailedRun:
    job = LiveJob(manifest.job_id, manifest.tenant, to_ms(manifest.submitted_at))
    return FailedRun(manifest.transcription_id, ended_ms, ErrorCode.INPUT_MISSING, (job,))
