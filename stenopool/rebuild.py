"""Rebuilds a lost ledger from the store: each manifest becomes a job again (rules 18 and 19 of the ledger).

What is to run comes first, of the last two days; then the ledger's epoch is set and work is taken on again; then all
the rest, newest day first, while an unknown job is "not restored yet". Every step may be repeated and broken off
anywhere, also by two processes at once: the lock only saves work.
"""

import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from typing import Final

import redis
from pydantic import ValidationError
from redis.exceptions import LockError
from redis.lock import Lock

from stenopool.clock import to_ms, utc_now
from stenopool.errors import ErrorCode, TransientError
from stenopool.failpoints import Failpoint, fail_at
from stenopool.ids import new_id
from stenopool.ledger import keys
from stenopool.ledger import operations as op
from stenopool.ledger.codec import external_hash
from stenopool.ledger.ledger import Ledger
from stenopool.ledger.model import (
    RECORD_VERSION,
    FailedRun,
    LiveJob,
    Restoration,
    RestoredEnding,
    RestoreOutcome,
    RunState,
    Submission,
)
from stenopool.logs import get_logger
from stenopool.media.endings import write_endings
from stenopool.media.epoch import write_epoch
from stenopool.media.manifest import Ending, Manifest, read_manifest
from stenopool.media.store import Store, transcript_key, work_key
from stenopool.transcripts.model import Transcript
from stenopool.webhooks.notes import noted_events

LOCK_S: Final = 15.0
"""A rebuilder that died is followed by another after this long."""

_MANIFESTS: Final = "manifests/"
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_TRANSCRIPTS_KEPT: Final = 1024
"""Facts of so many transcripts are kept in memory: jobs that share one lie close together."""

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
    lock = client.lock(keys.REBUILD_LOCK, timeout=LOCK_S, blocking=False, thread_local=False)
    try:
        if not lock.acquire(token=new_id()):
            return None
        try:
            # Another one may have finished between the look and the lock.
            return _Rebuild(ledger, store, lock).run() if _is_lost(ledger) else None
        finally:
            with suppress(LockError):
                lock.release()
    except redis.RedisError as error:
        raise TransientError(ErrorCode.LEDGER_UNAVAILABLE, "the rebuild was broken off") from error


def restoration_of(manifest: Manifest, ending: RestoredEnding | None, *, has_media: bool = True) -> Restoration:
    """What the ledger is told of a job. ``has_media``: whether its recording still lies in the store."""
    submission = Submission(
        job_id=manifest.job_id,
        transcription_id=manifest.transcription_id,
        tenant=manifest.tenant,
        name=manifest.name,
        digest=manifest.digest,
        pool=manifest.pool,
        identity=manifest.identity,
        options=manifest.options,
        request_hash=manifest.request_hash,
        media_key=manifest.media_key,
        work_key=work_key(manifest.transcription_id),
        former_work_key=None if manifest.former is None else work_key(manifest.former),
        lane=manifest.lane,
        idempotency_hash=manifest.idempotency_hash,
        external_hash=None if manifest.external_id is None else external_hash(manifest.external_id),
        has_hook=manifest.webhook_url is not None,
        run_number=manifest.run_number,
        request_id=manifest.request_id,
        submitted_ms=to_ms(manifest.submitted_at),
        estimated_s=manifest.estimated_s,
        size_bytes=manifest.size_bytes if has_media else 0,
    )
    return Restoration(submission, manifest.cached, ending)


def _is_lost(ledger: Ledger) -> bool:
    life = ledger.do(op.life())
    return life.epoch is None or life.restoring is not None


class _Rebuild:
    """One rebuild, under its lock."""

    def __init__(self, ledger: Ledger, store: Store, lock: Lock) -> None:
        self._ledger = ledger
        self._store = store
        self._lock = lock
        self._renew_at = time.monotonic() + LOCK_S / 3
        self._done = Rebuilt()
        self._completed = lru_cache(_TRANSCRIPTS_KEPT)(self._read_completed)

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
            for manifest in self._manifests(day.isoformat()):
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
        self._lock.reacquire()
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
        days = {key.removeprefix(_MANIFESTS).partition("/")[0] for key in self._store.keys(_MANIFESTS)}
        days = {day for day in days if _DAY.fullmatch(day)}
        # Counted in the first look, which saw the last days only.
        self._done.unreadable = 0
        for day in sorted(days, reverse=True):
            for manifest in self._manifests(day):
                self._restore(manifest)

    def _manifests(self, day: str) -> Iterator[Manifest]:
        for key in self._store.keys(f"{_MANIFESTS}{day}/"):
            self._keep_lock()
            try:
                manifest = read_manifest(self._store.get(key))
            except KeyError:
                # Deleted meanwhile.
                continue
            except ValueError as error:
                # No manifest, or a file of somebody else's whose name is no key.
                self._leave_aside(key, type(error).__name__)
                continue
            if manifest.v > RECORD_VERSION:
                self._leave_aside(key, f"version {manifest.v}")
                continue
            yield manifest

    def _leave_aside(self, key: str, reason: str) -> None:
        self._done.unreadable += 1
        _log.error("manifest_unreadable", key=key, reason=reason)

    def _restore(self, manifest: Manifest) -> None:
        self._keep_lock()
        ending = self._ending(manifest)
        has_media = self._store.exists(manifest.media_key)
        restoration = replace(restoration_of(manifest, ending, has_media=has_media), told=self._told(manifest))
        restored = self._ledger.do(op.restore(restoration))
        write_endings(self._store, restored.failed_runs)
        if restored.outcome is RestoreOutcome.KNOWN:
            self._done.known += 1
            return
        self._done.restored += 1
        if manifest.ending is None and ending is not None and ending.state is RunState.FAILED:
            write_endings(self._store, [_failed_alone(manifest, ending.ended_ms)])

    def _told(self, manifest: Manifest) -> tuple[RunState, ...]:
        if manifest.webhook_url is None:
            return ()
        return noted_events(self._store, manifest.submitted_at.date(), manifest.job_id, manifest.run_number)

    def _ending(self, manifest: Manifest) -> RestoredEnding | None:
        if manifest.ending is not None:
            return _told_ending(manifest.ending)
        completed = self._completed(manifest.transcription_id)
        if completed is not None or self._store.exists(manifest.media_key):
            return completed
        # Nothing is left that could be transcribed.
        return RestoredEnding(RunState.FAILED, to_ms(utc_now()), ErrorCode.INPUT_MISSING)

    def _read_completed(self, transcription_id: str) -> RestoredEnding | None:
        key = transcript_key(transcription_id)
        try:
            body, ended_ms = self._store.get(key), to_ms(self._store.written_at(key))
        except KeyError:
            return None
        try:
            transcript = Transcript.model_validate_json(body)
        except ValidationError:
            _log.warning("transcript_unreadable", transcription_id=transcription_id)
            return RestoredEnding(RunState.COMPLETED, ended_ms, transcript_key=key)
        return RestoredEnding(
            RunState.COMPLETED,
            ended_ms,
            transcript_key=key,
            identity=transcript.identity.canonical(),
            audio_s=transcript.duration,
        )

    def _keep_lock(self) -> None:
        if time.monotonic() >= self._renew_at:
            self._lock.reacquire()
            self._renew_at = time.monotonic() + LOCK_S / 3


def _told_ending(ending: Ending) -> RestoredEnding:
    state = RunState(ending.state)
    code = (ending.code or ErrorCode.INTERNAL_ERROR) if state is RunState.FAILED else None
    return RestoredEnding(state, to_ms(ending.at), code, ending.detail)


def _failed_alone(manifest: Manifest, ended_ms: int) -> FailedRun:
    job = LiveJob(manifest.job_id, manifest.tenant, to_ms(manifest.submitted_at))
    return FailedRun(manifest.transcription_id, ended_ms, ErrorCode.INPUT_MISSING, (job,))
