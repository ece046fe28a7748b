"""A lost ledger comes back from the store: every job answers as before, and what was open runs again."""

import random
import sys
import time
from datetime import timedelta
from typing import TypeVar

import pytest

from stenopool.clock import utc_now
from stenopool.errors import ErrorCode, TransientError
from stenopool.ids import new_id
from stenopool.ledger import keys
from stenopool.ledger import operations as op
from stenopool.ledger.call import Call
from stenopool.ledger.model import RunState
from stenopool.media.epoch import read_epoch
from stenopool.media.local_store import LocalStore
from stenopool.media.manifest import read_manifest
from stenopool.media.store import manifest_key
from stenopool.rebuild import Rebuilt, rebuild_if_lost
from tests.integration.rebuild.long_day import a_long_day
from tests.integration.rebuild.office import OPEN, TENANT, Office, as_after_a_loss, rebuilt

T = TypeVar("T")


@pytest.mark.parametrize("seed", range(12))
def test_every_job_answers_as_before_and_open_ones_run_again(office: Office, seed: int) -> None:
    deleted = a_long_day(office, random.Random(seed), 50)
    before = {job: shown for job, shown in office.all_shown().items() if job not in deleted}
    office.lose_redis()
    assert {shown.answer for shown in office.all_shown().values()} <= {"ledger_lost"}
    done = rebuilt(office)
    assert (done.restored, done.unreadable) == (len(before), 0)
    after = office.all_shown()
    assert {job: after[job] for job in before} == {job: as_after_a_loss(shown) for job, shown in before.items()}
    assert {after[job].answer for job in deleted} <= {"unknown_job"}
    office.finish_all()
    for job, shown in office.all_shown().items():
        if job in before:
            expected = RunState.COMPLETED if before[job].answer in OPEN else before[job].answer
            assert shown.answer == expected


def test_a_rebuild_brings_a_new_epoch_to_both(office: Office) -> None:
    first = read_epoch(office.store)
    office.submit("a")
    office.lose_redis()
    rebuilt(office)
    assert read_epoch(office.store) == office.client.get(keys.EPOCH) != first
    assert office.client.get(keys.RESTORING) is None
    assert office.client.get(keys.REBUILD_LOCK) is None


def test_a_ledger_that_lives_is_left_alone(office: Office) -> None:
    office.submit("a")
    before = read_epoch(office.store)
    assert rebuild_if_lost(office.client, office.ledger, office.store) is None
    assert read_epoch(office.store) == before


def test_a_loss_before_the_first_job_ends_too(office: Office) -> None:
    office.lose_redis()
    assert rebuilt(office) == Rebuilt()
    assert office.shown(office.submit("a")).answer == RunState.QUEUED


def test_a_finished_recording_is_not_recognised_again_after_a_rebuild(office: Office) -> None:
    office.submit("a")
    office.finish_all()
    office.lose_redis()
    rebuilt(office)
    assert office.shown(office.submit("a")).answer == RunState.COMPLETED


def test_a_rebuilt_ledger_can_be_rebuilt_again(office: Office) -> None:
    a_long_day(office, random.Random(99), 40)
    office.lose_redis()
    rebuilt(office)
    first = office.all_shown()
    office.lose_redis()
    rebuilt(office)
    assert office.all_shown() == first


def test_a_job_whose_recording_is_gone_has_failed_for_good(office: Office) -> None:
    job = office.submit("a")
    [media] = office.store.keys("media/")
    office.store.delete(media)
    for _ in range(2):
        office.lose_redis()
        rebuilt(office)
        assert office.shown(job).reason.startswith(ErrorCode.INPUT_MISSING)
    [key] = office.store.keys("manifests/")
    ending = read_manifest(office.store.get(key)).ending
    assert ending is not None
    assert ending.code == ErrorCode.INPUT_MISSING


def test_manifests_that_cannot_be_read_are_counted_and_left(office: Office) -> None:
    good, newer = office.submit("a"), office.submit("b")
    [key] = [key for key in office.store.keys("manifests/") if newer in key]
    office.store.replace(key, office.store.get(key).replace(b'"v":1', b'"v":2'))
    office.store.put(manifest_key(utc_now().date(), new_id()), b"{")
    office.store.put("manifests/2020-01-02/notes.txt", b"not ours")
    office.store.put("manifests/notes.txt", b"not ours")
    office.lose_redis()
    done = rebuilt(office)
    assert (done.restored, done.unreadable) == (1, 3)
    assert office.shown(good).answer == RunState.QUEUED
    assert len(list(office.store.keys("manifests/"))) == 5


def test_of_what_is_refused_while_the_ledger_is_lost_nothing_comes_back(office: Office) -> None:
    """A client repeats its request until it is taken: it shall find one job then, and not one for each repetition."""
    office.lose_redis()
    for _ in range(3):
        with pytest.raises(TransientError):
            office.submit("a")
    rebuilt(office)
    assert list(office.store.keys("manifests/")) == []


def test_a_job_whose_ledger_is_lost_while_it_is_submitted_is_found_and_run(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its manifest was written, the ledger could not take it: born before the record means "create it"."""
    do = office.ledger.do

    def lost_before_submit(call: Call[T]) -> T:
        if call.script == "submit":
            office.lose_redis()
        return do(call)

    with monkeypatch.context() as patch:
        patch.setattr(office.ledger, "do", lost_before_submit)
        with pytest.raises(TransientError):
            office.submit("a")
    rebuilt(office)
    [key] = office.store.keys("manifests/")
    office.jobs.append(read_manifest(office.store.get(key)).job_id)
    office.finish_all()
    assert office.shown(office.jobs[0]).answer == RunState.COMPLETED


def test_a_job_of_last_week_is_not_denied_before_it_is_restored(office: Office) -> None:
    """After the open jobs are back the platform works; until all are, an unknown job may still come."""
    old = office.submit("a")
    office.finish_all()
    [key] = office.store.keys("manifests/")
    manifest = read_manifest(office.store.get(key))
    aged = manifest.model_copy(update={"submitted_at": manifest.submitted_at - timedelta(days=7)})
    office.store.put(manifest_key(aged.submitted_at.date(), old), aged.to_bytes())
    office.store.delete(key)
    young = office.submit("b")
    office.lose_redis()
    seen: list[tuple[str, str]] = []

    class WatchedStore(LocalStore):
        def get(self, key: str) -> bytes:
            if key.startswith(f"manifests/{aged.submitted_at.date()}"):
                seen.append((office.shown(young).answer, office.shown(old).answer))
                office.submit("c")
            return super().get(key)

    rebuild_if_lost(office.client, office.ledger, WatchedStore(office.store._root))
    assert seen == [(RunState.QUEUED, "ledger_lost")]
    assert office.shown(old).answer == RunState.COMPLETED
    assert office.ledger.do(op.view(old, TENANT)).job is not None


def test_two_thousand_jobs_are_back_in_time(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    job = office.submit("a")
    [key] = office.store.keys("manifests/")
    manifest = read_manifest(office.store.get(key))
    for number in range(2_000):
        copy = manifest.model_copy(
            update={"job_id": new_id(), "transcription_id": new_id(), "digest": f"{number:064x}"}
        )
        file = office.store._root / manifest_key(copy.submitted_at.date(), copy.job_id)
        file.write_bytes(copy.to_bytes())
    office.lose_redis()
    began = time.monotonic()
    assert rebuilt(office).restored == 2_001
    took_s = time.monotonic() - began
    with capsys.disabled():
        # Told and not asserted: how fast depends on what else the machine does.
        sys.stdout.write(f"\nrebuild of 2,001 open jobs: {took_s:.1f} s; promised: 10,000 in 60 s\n")
    assert office.shown(job).answer == RunState.QUEUED
