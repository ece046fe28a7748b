"""Finding a recording: what is gone, and what only cannot be reached."""

import asyncio
from pathlib import Path

import pytest

from api.services.lookup import Lookup
from api.services.media import MediaShelf
from api.services.pools import PoolWatch
from stenopool.clock import from_ms
from stenopool.errors import ErrorCode, StenopoolError
from stenopool.media.epoch import write_epoch
from stenopool.media.local_store import LocalStore
from stenopool.media.manifest import Manifest
from stenopool.media.store import manifest_key
from tests.unit.api.fake_ledger import FakeLedger, job_view, viewed

JOB = job_view()


def shelf(store: LocalStore) -> MediaShelf:
    ledger = FakeLedger(view=viewed())
    return MediaShelf(Lookup(ledger, store, PoolWatch(ledger)), store)


def with_manifest(store: LocalStore) -> LocalStore:
    manifest = Manifest(
        job_id=JOB.job_id,
        tenant=JOB.tenant,
        name="talk.mp3",
        digest=JOB.digest,
        transcription_id=JOB.transcription_id,
        media_key="media/1",
        pool=JOB.pool,
        identity=JOB.identity,
        options="{}",
        fingerprint="f" * 64,
        size_bytes=4,
        request_hash="r",
        submitted_at=from_ms(JOB.created_ms),
    )
    store.put(manifest_key(manifest.submitted_at.date(), JOB.job_id), manifest.to_bytes())
    return store


def refusal(store: LocalStore) -> ErrorCode:
    with pytest.raises(StenopoolError) as raised:
        asyncio.run(shelf(store).media(JOB.job_id, JOB.tenant))
    return raised.value.code


def test_a_recording_is_told_by_its_content(tmp_path: Path) -> None:
    store = with_manifest(LocalStore(tmp_path))
    store.put("media/1", b"fLaC" + bytes(96))
    found = asyncio.run(shelf(store).media(JOB.job_id, JOB.tenant))
    assert (found.media_type, found.extension, found.size_bytes) == ("audio/flac", ".flac", 100)
    assert (found.name, found.fingerprint) == ("talk.mp3", "f" * 64)


def test_a_body_of_no_known_kind_is_bytes_and_never_a_page(tmp_path: Path) -> None:
    store = with_manifest(LocalStore(tmp_path))
    store.put("media/1", b"<html>")
    found = asyncio.run(shelf(store).media(JOB.job_id, JOB.tenant))
    assert (found.media_type, found.extension) == ("application/octet-stream", "")


def test_a_recording_that_was_removed_has_expired(tmp_path: Path) -> None:
    store = with_manifest(LocalStore(tmp_path))
    write_epoch(store, "e")
    assert refusal(store) is ErrorCode.MEDIA_EXPIRED


def test_a_store_that_is_not_there_lost_nothing(tmp_path: Path) -> None:
    assert refusal(with_manifest(LocalStore(tmp_path))) is ErrorCode.STORE_UNAVAILABLE


def test_a_job_that_is_being_deleted_is_unknown(tmp_path: Path) -> None:
    assert refusal(LocalStore(tmp_path)) is ErrorCode.UNKNOWN_JOB
