"""Cancellation: the ledger decides, the manifest agrees, and only then is it said."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.services.cancellation import Cancellation
from api.services.lookup import Lookup
from api.services.pools import PoolWatch
from stenopool.clock import from_ms
from stenopool.errors import ErrorCode, StenopoolError, TransientError
from stenopool.ledger.model import Cancelled, CancelOutcome, RunState, Viewed
from stenopool.media.local_store import LocalStore
from stenopool.media.manifest import Ending, Manifest, read_manifest
from stenopool.media.store import Store, manifest_key
from tests.unit.api.fake_ledger import FakeLedger, job_view, viewed

JOB = job_view()
DAY = from_ms(JOB.created_ms).date()
CANCELLED = Cancelled(CancelOutcome.CANCELLED, RunState.CANCELLED, run_ended=True)


def manifest(ending: Ending | None = None) -> Manifest:
    return Manifest(
        job_id=JOB.job_id,
        tenant=JOB.tenant,
        name=JOB.name,
        digest=JOB.digest,
        transcription_id=JOB.transcription_id,
        media_key="media/" + "3" * 32,
        pool=JOB.pool,
        identity=JOB.identity,
        options="{}",
        fingerprint="4" * 64,
        size_bytes=4,
        request_hash="5" * 64,
        submitted_at=from_ms(JOB.created_ms),
        ending=ending,
    )


@pytest.fixture
def store(data_dir: Path) -> LocalStore:
    store = LocalStore(data_dir / "store")
    store.replace(manifest_key(DAY, JOB.job_id), manifest().to_bytes())
    return store


def cancel(ledger: FakeLedger, store: Store, job_id: str = JOB.job_id) -> None:
    lookup = Lookup(ledger, store, PoolWatch(ledger))
    asyncio.run(Cancellation(ledger, store, lookup).cancel(job_id, "default"))


def refused(ledger: FakeLedger, store: Store, job_id: str = JOB.job_id) -> ErrorCode:
    with pytest.raises(StenopoolError) as caught:
        cancel(ledger, store, job_id)
    return caught.value.code


def ending(store: LocalStore) -> Ending | None:
    return read_manifest(store.get(manifest_key(DAY, JOB.job_id))).ending


def test_the_manifest_says_cancelled_when_the_answer_goes_out(store: LocalStore) -> None:
    cancel(FakeLedger(view=viewed(), cancel=CANCELLED), store)
    written = ending(store)
    assert written is not None
    assert written.state == "cancelled"


def test_the_ledger_is_asked_before_the_manifest_is_written(store: LocalStore) -> None:
    away = TransientError(ErrorCode.LEDGER_UNAVAILABLE, "the ledger does not answer")
    assert refused(FakeLedger(view=viewed(), cancel=away), store) is ErrorCode.LEDGER_UNAVAILABLE
    assert ending(store) is None


def test_a_job_that_completed_first_keeps_its_manifest(store: LocalStore) -> None:
    ended = Cancelled(CancelOutcome.ENDED, RunState.COMPLETED)
    assert refused(FakeLedger(view=viewed(), cancel=ended), store) is ErrorCode.JOB_ENDED
    assert ending(store) is None


def test_repeating_it_writes_what_a_crash_left_out(store: LocalStore) -> None:
    cancel(FakeLedger(view=viewed(state=RunState.CANCELLED), cancel=CANCELLED), store)
    assert ending(store) is not None


def test_repeating_it_keeps_the_first_ending(store: LocalStore) -> None:
    first = Ending(state="cancelled", at=datetime(2026, 1, 1, tzinfo=UTC))
    store.replace(manifest_key(DAY, JOB.job_id), manifest(first).to_bytes())
    cancel(FakeLedger(view=viewed(), cancel=CANCELLED), store)
    assert ending(store) == first


def test_the_ledgers_word_stands_in_place_of_a_failure_noted_meanwhile(store: LocalStore) -> None:
    noted = Ending(state="failed", at=datetime(2026, 1, 1, tzinfo=UTC), code="no_audio")
    store.replace(manifest_key(DAY, JOB.job_id), manifest(noted).to_bytes())
    cancel(FakeLedger(view=viewed(), cancel=CANCELLED), store)
    written = ending(store)
    assert written is not None
    assert written.state == "cancelled"


def test_a_store_that_is_away_is_told_so_that_the_client_repeats(store: LocalStore) -> None:
    class Away(LocalStore):
        def replace(self, key: str, body: bytes) -> None:
            raise TransientError(ErrorCode.STORE_UNAVAILABLE, "the store does not answer")

    away = Away(store.path("manifests/" + DAY.isoformat() + f"/{JOB.job_id}.json").parents[2])
    assert refused(FakeLedger(view=viewed(), cancel=CANCELLED), away) is ErrorCode.STORE_UNAVAILABLE


@pytest.mark.parametrize("job_id", ["x", "../../etc", "A" * 32, "0" * 31])
def test_what_is_no_id_is_an_unknown_job_without_asking(store: LocalStore, job_id: str) -> None:
    ledger = FakeLedger()
    assert refused(ledger, store, job_id) is ErrorCode.UNKNOWN_JOB
    assert not ledger.calls


@pytest.mark.parametrize(
    ("is_lost", "code"), [(False, ErrorCode.UNKNOWN_JOB), (True, ErrorCode.LEDGER_LOST)], ids=["known", "lost"]
)
def test_an_unknown_job_is_not_denied_while_the_ledger_is_lost(
    store: LocalStore, is_lost: bool, code: ErrorCode
) -> None:
    assert refused(FakeLedger(view=Viewed(None, ledger_lost=is_lost)), store) is code
