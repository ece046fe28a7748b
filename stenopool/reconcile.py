"""Makes good what Redis lost when it was started anew or taken over from: its last second, or more (rule 19).

The store was written before the ledger, so whatever was promised lately stands there: a job that the ledger does not know
is restored, and one that has ended, or was tried again, is brought to that. Until it is done an unknown job is "not
back yet".
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

import redis

from stenopool.clock import from_ms, utc_now
from stenopool.errors import ErrorCode, TransientError
from stenopool.failpoints import Failpoint, fail_at
from stenopool.ledger import operations as op
from stenopool.ledger.ledger import Ledger
from stenopool.ledger.model import RestoredEnding, RestoreOutcome
from stenopool.logs import get_logger
from stenopool.media.endings import write_endings
from stenopool.media.manifest import Manifest
from stenopool.media.store import Store, manifest_key
from stenopool.rebuild_lock import RebuildLock
from stenopool.stored_jobs import StoredJobs

MARGIN: Final = timedelta(minutes=10)
"""What was written so long before the last sweep that the ledger remembers is looked at, too."""

_log = get_logger(__name__)


@dataclass(slots=True)
class Reconciled:
    """What a reconciliation did, in jobs."""

    restored: int = 0
    """Jobs that the ledger did not know any more."""
    brought: int = 0
    """Jobs that were behind what the store knows."""


def reconcile_if_changed(client: redis.Redis, ledger: Ledger, store: Store) -> Reconciled | None:
    """Compares store and ledger if Redis is not the one in which the ledger was last known to be whole.

    One round trip when nothing has changed. Else about a millisecond for each job of the last minutes, and a look at
    the date of each job of the last days. None also when another process is at it. A ledger that lost everything is the
    rebuild's.

    Raises:
        TransientError: ``ledger_unavailable`` or ``store_unavailable``: call again, nothing is done in vain.
    """
    run = ledger.do(op.redis_run())
    if run.current is None or run.whole == run.current:
        return None
    if ledger.do(op.read_epoch()) is None:
        return None
    if run.whole is None:
        # A ledger of a release before this one: it is not known to have lost anything.
        ledger.do(op.note_redis_run(run.current))
        return None
    lock = RebuildLock(client)
    try:
        if not lock.take():
            return None
        try:
            done = _reconcile(ledger, store, _since(run.tick_ms), lock)
            fail_at(Failpoint.RECONCILE_BEFORE_NOTED)
            ledger.do(op.note_redis_run(run.current))
            return done
        finally:
            lock.leave()
    except redis.RedisError as error:
        raise TransientError(ErrorCode.LEDGER_UNAVAILABLE, "the reconciliation was broken off") from error


def _reconcile(ledger: Ledger, store: Store, since: datetime, lock: RebuildLock) -> Reconciled:
    done, jobs = Reconciled(), StoredJobs(store)
    lately = [(manifest, jobs.ending(manifest)) for manifest in _written_since(jobs, store, since, lock)]
    # What ended first, oldest first: an open job must not join a run of which it is known that it failed.
    lately = sorted([*lately, *_ended(jobs, ledger, lock)], key=lambda job: (job[1] is None, job[0].submitted_at))
    for manifest, ending in lately:
        lock.keep()
        told = jobs.restoration(manifest, ending, has_media=store.exists(manifest.media_key))
        restored = ledger.do(op.restore(replace(told, brings=True)))
        write_endings(store, restored.failed_runs)
        done.restored += restored.outcome is RestoreOutcome.OK
        done.brought += restored.outcome is RestoreOutcome.BROUGHT
    _log.warning("reconciled", since=since.isoformat(), restored=done.restored, brought=done.brought)
    return done


def _since(tick_ms: int | None) -> datetime:
    """From when on the ledger may lack something: it remembers its last sweep, and so all that came before."""
    return min(utc_now(), utc_now() if tick_ms is None else from_ms(tick_ms)) - MARGIN


def _written_since(jobs: StoredJobs, store: Store, since: datetime, lock: RebuildLock) -> Iterator[Manifest]:
    """Manifests that were born or changed since: new jobs, and those that ended badly or were tried again."""
    # Tomorrow's too: the clock of an API host may be ahead.
    for offset in range((utc_now().date() - since.date()).days + 2):
        for key in jobs.keys(since.date() + timedelta(days=offset)):
            lock.keep()
            with suppress(KeyError):
                if store.written_at(key) >= since and (manifest := jobs.read(key)) is not None:
                    yield manifest


def _ended(jobs: StoredJobs, ledger: Ledger, lock: RebuildLock) -> Iterator[tuple[Manifest, RestoredEnding]]:
    """Jobs that the ledger takes for open, however old, and that have ended."""
    for transcription_id in ledger.do(op.open_runs()):
        lock.keep()
        for job in ledger.do(op.jobs_of(transcription_id)):
            manifest = jobs.read(manifest_key(date.fromisoformat(job.manifest_day), job.job_id))
            ending = None if manifest is None else jobs.ending(manifest)
            if manifest is not None and ending is not None:
                yield manifest, ending
