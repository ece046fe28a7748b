"""The list of jobs: newest first, page by page, filtered; each entry as its status."""

import json
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from stenopool.ids import new_id
from tests.integration.api.conftest import wav
from tests.integration.api.scripted_worker import ScriptedWorker
from tests.integration.api.test_jobs import code_of, job_of, submit


def pages(http: httpx.Client, **query: Any) -> list[list[dict[str, Any]]]:
    """All pages, to the last."""
    found = []
    after: dict[str, str] = {}
    while True:
        answer = http.get("/jobs", params={**query, **after})
        assert answer.status_code == 200, answer.text
        body = answer.json()
        found.append(body["data"])
        assert body["has_more"] == (body["next"] is not None)
        if not body["has_more"]:
            return found
        after = {"after": body["next"]}


def ids(found: list[list[dict[str, Any]]]) -> list[str]:
    return [job["job_id"] for page in found for job in page]


def test_jobs_are_listed_newest_first_on_pages_without_gap_or_repetition(
    http: httpx.Client, worker: ScriptedWorker
) -> None:
    mark = new_id()
    made = [job_of(submit(http, wav(), external_id=mark)) for _ in range(5)]
    found = pages(http, limit=2, external_id=mark)
    assert [len(page) for page in found] == [2, 2, 1]
    assert ids(found) == made[::-1]
    assert ids(pages(http, limit=3))[:5] == made[::-1]


def test_an_entry_is_the_jobs_status(http: httpx.Client, worker: ScriptedWorker) -> None:
    mark = new_id()
    job_id = job_of(submit(http, wav(), external_id=mark, metadata=json.dumps({"a": 1})))
    worker.complete()
    [[entry]] = pages(http, external_id=mark)
    assert entry == http.get(f"/jobs/{job_id}").json()
    assert (entry["external_id"], entry["metadata"]) == (mark, {"a": 1})


def test_a_job_that_comes_between_two_pages_moves_nothing(http: httpx.Client, worker: ScriptedWorker) -> None:
    made = [job_of(submit(http, wav())) for _ in range(3)]
    first = http.get("/jobs", params={"limit": 2}).json()
    job_of(submit(http, wav()))
    second = http.get("/jobs", params={"limit": 1, "after": first["next"]}).json()
    assert [job["job_id"] for job in (*first["data"], *second["data"])] == made[::-1]


def test_jobs_are_filtered_by_state(http: httpx.Client, worker: ScriptedWorker) -> None:
    mark = new_id()
    done, cancelled, queued = (job_of(submit(http, wav(), external_id=mark)) for _ in range(3))
    worker.complete()
    http.delete(f"/job/{cancelled}")
    assert ids(pages(http, external_id=mark, state="queued")) == [queued]
    assert ids(pages(http, external_id=mark, state=["completed", "cancelled"])) == [cancelled, done]
    assert ids(pages(http, external_id=mark, state="failed")) == []


def test_jobs_are_filtered_by_time(http: httpx.Client, worker: ScriptedWorker) -> None:
    mark = new_id()
    older, newer = (job_of(submit(http, wav(), external_id=mark)) for _ in range(2))
    at = http.get(f"/jobs/{newer}").json()["created_at"]
    assert ids(pages(http, external_id=mark, created_after=at)) == [newer]
    assert ids(pages(http, external_id=mark, created_before=at)) == [older]
    later = (datetime.fromisoformat(at) + timedelta(seconds=1)).isoformat()
    assert ids(pages(http, external_id=mark, created_after=later)) == []


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"limit": 0}, "invalid_request"),
        ({"limit": 101}, "invalid_request"),
        ({"after": "x"}, "invalid_request"),
        ({"state": "gone"}, "invalid_request"),
        ({"created_after": "2026-01-01T00:00:00"}, "invalid_request"),
        ({"created_after": "1767225600"}, "invalid_request"),
        ({"colour": "red"}, "invalid_request"),
        ({"external_id": "x" * 201}, "invalid_option"),
    ],
)
def test_a_query_out_of_its_bounds_is_refused(http: httpx.Client, query: dict[str, str | int], code: str) -> None:
    answer = http.get("/jobs", params=query)
    assert (answer.status_code, code_of(answer)) == (422, code)
