"""What the store knows of jobs: their manifests, and how they ended. From it a ledger is filled or corrected."""

import re
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import Final

from pydantic import ValidationError

from stenopool.clock import to_ms
from stenopool.errors import ErrorCode
from stenopool.ledger.codec import external_hash
from stenopool.ledger.model import RECORD_VERSION, Restoration, RestoredEnding, RunState, Submission
from stenopool.logs import get_logger
from stenopool.media.gone import read_gone
from stenopool.media.manifest import Ending, Manifest, read_manifest
from stenopool.media.store import Store, gone_key, transcript_key, work_key
from stenopool.transcripts.model import Transcript
from stenopool.webhooks.notes import noted_events

_MANIFESTS: Final = "manifests/"
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_TRANSCRIPTS_KEPT: Final = 1024
"""Facts of so many transcripts are kept in memory: jobs that share one lie close together."""

_log = get_logger(__name__)


class StoredJobs:
    """Reads manifests and transcripts; each method raises ``TransientError`` (``store_unavailable``)."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._completed = lru_cache(_TRANSCRIPTS_KEPT)(self._read_completed)
        self.unreadable = 0
        """Left aside: no manifests, or of a newer release."""

    def days(self) -> list[date]:
        """Days (UTC) on which a job was submitted, newest first."""
        names = {key.removeprefix(_MANIFESTS).partition("/")[0] for key in self._store.keys(_MANIFESTS)}
        return sorted((date.fromisoformat(name) for name in names if _DAY.fullmatch(name)), reverse=True)

    def keys(self, day: date) -> Iterator[str]:
        """Keys of a day's manifests, in no order."""
        return self._store.keys(f"{_MANIFESTS}{day.isoformat()}/")

    def read(self, key: str) -> Manifest | None:
        """The manifest under a key; None when it is gone, or cannot be read, which is logged and counted."""
        try:
            manifest = read_manifest(self._store.get(key))
        except KeyError:
            # Deleted meanwhile.
            return None
        except ValueError as error:
            # No manifest, or a file of somebody else's whose name is no key.
            self._leave_aside(key, type(error).__name__)
            return None
        if manifest.v > RECORD_VERSION:
            self._leave_aside(key, f"version {manifest.v}")
            return None
        return manifest

    def ending(self, manifest: Manifest) -> RestoredEnding | None:
        """How the job ended: as its manifest says, else with the transcript of its run; None while there is neither."""
        if manifest.ending is not None:
            return _told_ending(manifest.ending)
        return self._completed(manifest.transcription_id)

    def restoration(self, manifest: Manifest, ending: RestoredEnding | None, *, has_media: bool) -> Restoration:
        """What the ledger is told of a job. ``has_media``: whether its recording still lies in the store."""
        told: tuple[RunState, ...] = ()
        if manifest.webhook_url is not None:
            told = noted_events(self._store, manifest.submitted_at.date(), manifest.job_id, manifest.run_number)
        return Restoration(submission_of(manifest, has_media=has_media), manifest.cached, ending, told=told)

    def _leave_aside(self, key: str, reason: str) -> None:
        self.unreadable += 1
        _log.error("manifest_unreadable", key=key, reason=reason)

    def _read_completed(self, transcription_id: str) -> RestoredEnding | None:
        key = transcript_key(transcription_id)
        try:
            body, ended_ms = self._store.get(key), to_ms(self._store.written_at(key))
        except KeyError:
            return self._read_gone(transcription_id)
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

    def _read_gone(self, transcription_id: str) -> RestoredEnding | None:
        try:
            gone = read_gone(self._store.get(gone_key(transcription_id)))
        except (KeyError, ValidationError):
            return None
        return RestoredEnding(RunState.COMPLETED, gone.ended_ms, audio_s=gone.audio_s)


def former_try(store: Store, manifest: Manifest) -> str | None:
    """The try whose work another one takes over: the last one that got so far as to leave any. Raises ``TransientError``."""
    has_work = any(True for _ in store.keys(f"{work_key(manifest.transcription_id)}/"))
    return manifest.transcription_id if has_work or manifest.former is None else manifest.former


def submission_of(manifest: Manifest, *, has_media: bool) -> Submission:
    """The job of a manifest as the ledger takes it, without limits."""
    return Submission(
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
        keep=manifest.keep,
        has_hook=manifest.webhook_url is not None,
        run_number=manifest.run_number,
        request_id=manifest.request_id,
        submitted_ms=to_ms(manifest.submitted_at),
        estimated_s=manifest.estimated_s,
        size_bytes=manifest.size_bytes if has_media else 0,
    )


def _told_ending(ending: Ending) -> RestoredEnding:
    state = RunState(ending.state)
    code = (ending.code or ErrorCode.INTERNAL_ERROR) if state is RunState.FAILED else None
    return RestoredEnding(state, to_ms(ending.at), code, ending.detail)
