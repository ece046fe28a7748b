"""Peaks over HTTP: from prepare on, and no longer than they are kept."""

import httpx
import pytest

from stenopool.ledger import operations as op
from stenopool.ledger.ledger import Ledger
from stenopool.ledger.model import RunState
from stenopool.media.local_store import LocalStore
from stenopool.media.store import peaks_key
from tests.integration.api.place import code_of, job_of, submit
from tests.integration.api.scripted_worker import ScriptedWorker

PEAKS = b'{"version":2,"channels":1,"sample_rate":16000,"samples_per_pixel":800,"bits":8,"length":1,"data":[-3,4]}'


@pytest.fixture
def job(http: httpx.Client, worker: ScriptedWorker, recording: bytes) -> str:
    return job_of(submit(http, recording))


def keep(ledger: Ledger, store: LocalStore, job: str) -> str:
    """As ``prepare`` does; the key."""
    found = ledger.do(op.view(job, "default")).job
    assert found is not None
    store.put(peaks_key(found.transcription_id), PEAKS)
    return peaks_key(found.transcription_id)


def test_peaks_are_there_before_the_job_is_done(
    http: httpx.Client, worker: ScriptedWorker, ledger: Ledger, store: LocalStore, job: str
) -> None:
    early = http.get(f"/jobs/{job}/peaks")
    assert code_of(early) == (409, "not_finished")
    assert early.headers["retry-after"] == "1"
    worker.prepare()
    keep(ledger, store, job)
    answer = http.get(f"/jobs/{job}/peaks")
    assert (answer.status_code, answer.content) == (200, PEAKS)
    assert answer.headers["content-type"] == "application/json"
    assert http.get(f"/status/{job}").json()["status"] == RunState.PROCESSING


def test_peaks_are_sent_once_to_whoever_remembers_them(
    http: httpx.Client, worker: ScriptedWorker, ledger: Ledger, store: LocalStore, job: str
) -> None:
    keep(ledger, store, job)
    tag = http.get(f"/jobs/{job}/peaks").headers["etag"]
    assert not tag.startswith("W/")
    again = http.get(f"/jobs/{job}/peaks", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    head = http.head(f"/jobs/{job}/peaks")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(PEAKS)))


def test_peaks_that_are_not_kept_any_more_have_expired(
    http: httpx.Client, worker: ScriptedWorker, ledger: Ledger, store: LocalStore, job: str
) -> None:
    key = keep(ledger, store, job)
    worker.complete()
    store.delete(key)
    assert code_of(http.get(f"/jobs/{job}/peaks")) == (410, "result_expired")


def test_a_recording_that_was_never_decoded_has_no_peaks(http: httpx.Client, worker: ScriptedWorker, job: str) -> None:
    worker.fail(worker.prepare_only(), "no_audio")
    answer = http.get(f"/jobs/{job}/peaks")
    assert code_of(answer) == (409, "job_failed")
    assert answer.json()["error"]["code"] == "no_audio"


def test_a_job_that_was_taken_back_before_prepare_has_no_peaks(http: httpx.Client, job: str) -> None:
    http.delete(f"/jobs/{job}")
    assert code_of(http.get(f"/jobs/{job}/peaks")) == (409, "job_cancelled")
