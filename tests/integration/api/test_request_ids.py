"""A request's id goes along with the work it began, so that workers can name it in their logs."""

import httpx
import pytest

from stenopool.media.local_store import LocalStore
from stenopool.queueing.names import PREPARE
from tests.integration.api.scripted_worker import ScriptedWorker
from tests.integration.api.test_jobs import job_of
from tests.integration.api.test_retry import manifest_of


def submitted(http: httpx.Client, recording: bytes, request_id: str) -> str:
    answer = http.post("/jobs", files={"file": ("a.wav", recording)}, headers={"X-Request-ID": request_id})
    return job_of(answer)


@pytest.mark.parametrize("request_id", ["r", "x" * 64])
def test_whoever_claims_the_work_learns_the_request(
    http: httpx.Client, worker: ScriptedWorker, store: LocalStore, recording: bytes, request_id: str
) -> None:
    job_id = submitted(http, recording, request_id)
    # Who joins does not begin anything.
    submitted(http, recording, "another")
    grant = worker.prepare()
    assert grant.request_id == request_id == manifest_of(store, job_id).request_id
    assert worker.recognise().request_id == request_id


def test_another_try_goes_by_the_request_that_asked_for_it(
    http: httpx.Client, worker: ScriptedWorker, recording: bytes
) -> None:
    job_id = submitted(http, recording, "first")
    worker.fail(worker.prepare_only(), "no_audio")
    assert http.post(f"/jobs/{job_id}/retry", headers={"X-Request-ID": "second"}).status_code == 202
    grant = worker.claim(PREPARE)
    assert grant is not None
    assert grant.request_id == "second"
