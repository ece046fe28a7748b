"""Endings of failed runs, written into the manifests of their jobs."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from stenopool.clock import from_ms, to_ms
from stenopool.errors import ErrorCode, TransientError
from stenopool.ledger.model import FailedRun, LiveJob
from stenopool.media.endings import write_endings
from stenopool.media.local_store import LocalStore
from stenopool.media.manifest import Ending, Manifest, read_manifest
from stenopool.media.store import manifest_key

SUBMITTED = datetime(2026, 3, 4, 23, 59, 59, 999_000, UTC)
ENDED_MS = to_ms(SUBMITTED) + 60_000


def a_manifest(job_id: str) -> Manifest:
    return Manifest(
        job_id=job_id,
        tenant="ann",
        name="talk.wav",
        digest="d" * 64,
        transcription_id="tr-1",
        media_key="media/1",
        pool="recognise.fake.fake",
        identity="{}",
        options="{}",
        fingerprint="f" * 64,
        size_bytes=1,
        request_hash="r" * 64,
        submitted_at=SUBMITTED,
    )


def key_of(job_id: str) -> str:
    return manifest_key(SUBMITTED.date(), job_id)


def failed(*job_ids: str) -> FailedRun:
    jobs = tuple(LiveJob(job_id, "ann", to_ms(SUBMITTED)) for job_id in job_ids)
    return FailedRun("tr-1", ENDED_MS, "engine_failed", jobs, "It broke.")


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "store")


def ending_of(store: LocalStore, job_id: str) -> Ending | None:
    return read_manifest(store.get(key_of(job_id))).ending


def test_every_job_of_a_failed_run_gets_its_ending(store: LocalStore) -> None:
    for job_id in ("a", "b"):
        store.put(key_of(job_id), a_manifest(job_id).to_bytes())
    write_endings(store, [failed("a", "b")])
    expected = Ending(state="failed", at=from_ms(ENDED_MS), code="engine_failed", detail="It broke.")
    assert [ending_of(store, job_id) for job_id in ("a", "b")] == [expected, expected]


def test_a_first_ending_stays(store: LocalStore) -> None:
    first = Ending(state="cancelled", at=SUBMITTED)
    store.put(key_of("a"), a_manifest("a").ended(first).to_bytes())
    write_endings(store, [failed("a")])
    assert ending_of(store, "a") == first


def test_a_manifest_that_is_gone_or_broken_keeps_no_other_from_its_ending(store: LocalStore) -> None:
    store.put(key_of("broken"), b"not a manifest")
    store.put(key_of("c"), a_manifest("c").to_bytes())
    write_endings(store, [failed("gone", "broken", "c")])
    assert ending_of(store, "c") is not None
    assert not store.exists(key_of("gone"))


def test_a_full_disk_is_no_error_of_the_one_who_writes(store: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put(key_of("a"), a_manifest("a").to_bytes())

    def refuse(*_: object) -> None:
        raise TransientError(ErrorCode.DISK_FULL, "full")

    monkeypatch.setattr(store, "replace", refuse)
    write_endings(store, [failed("a")])
    assert ending_of(store, "a") is None


def test_a_job_that_was_tried_again_meanwhile_has_not_failed(store: LocalStore) -> None:
    again = a_manifest("a").model_copy(update={"transcription_id": "tr-2"})
    store.put(key_of("a"), again.to_bytes())
    write_endings(store, [failed("a")])
    assert ending_of(store, "a") is None
