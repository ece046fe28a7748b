"""Another tenant's jobs: whatever the OpenAPI document offers for a job answers 404, just as for one that never was.

The routes are taken from the document that the API serves and from the application, so a new one is covered by itself.
"""

from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest

from stenopool.ids import new_id
from stenopool.ledger.ledger import Ledger
from stenopool.media.local_store import LocalStore
from stenopool.redis_pools import redis_client
from tests.integration.api.conftest import POOL, wav
from tests.integration.api.place import Place, code_of, job_of, submit
from tests.integration.api.scripted_worker import ScriptedWorker
from tests.integration.api.test_who_may import api_routes

OF_ONE_JOB: Final = "{job_id}"
LEFT_OUT: Final = {"instance", "request_id"}
"""They say which request it was."""


@pytest.fixture(scope="module")
def offers(place: Place) -> list[tuple[str, str]]:
    """Method and path of everything that can be asked of one job."""
    document = httpx.get(f"{place.server.address}/openapi.json", trust_env=False).json()
    described = {(method.upper(), path) for path, of_path in document["paths"].items() for method in of_path}
    served = {(method, route.path) for route in api_routes() for method in route.methods or ()}
    found = sorted(offer for offer in described | served if OF_ONE_JOB in offer[1])
    assert len(found) >= 7
    return found


@pytest.fixture
def worker(place: Place) -> Iterator[ScriptedWorker]:
    with redis_client(place.redis.url) as client:
        worker = ScriptedWorker(Ledger(client, lambda _bells: None), LocalStore(place.server.data_dir / "store"), POOL)
        worker.clear()
        yield worker


def test_threat_12_another_tenants_jobs_are_like_jobs_that_never_were(
    place: Place, worker: ScriptedWorker, offers: list[tuple[str, str]]
) -> None:
    with place.client(place.key("acme").text) as owner, place.client(place.key("zeta").text) as other:
        completed = job_of(submit(owner, wav()))
        worker.complete()
        waiting = job_of(submit(owner, wav()))
        before = [told(owner, job_id) for job_id in (completed, waiting)]
        for method, path in offers:
            unknown = asked(other, method, path, new_id())
            for job_id in (completed, waiting):
                foreign = asked(other, method, path, job_id)
                assert (foreign.status_code, shown(foreign)) == (404, shown(unknown)), f"{method} {path}"
                if method != "HEAD":
                    assert code_of(foreign) == (404, "unknown_job"), f"{method} {path}"
        assert [told(owner, job_id) for job_id in (completed, waiting)] == before
        assert other.get("/jobs").json()["data"] == []


def test_their_owner_is_answered_otherwise(place: Place, worker: ScriptedWorker, offers: list[tuple[str, str]]) -> None:
    """Else the 404s above would say nothing of tenants."""
    with place.client(place.key("acme").text) as owner:
        for method, path in offers:
            job_id = job_of(submit(owner, wav()))
            worker.complete()
            assert asked(owner, method, path, job_id).status_code != 404, f"{method} {path}"


def asked(client: httpx.Client, method: str, path: str, job_id: str) -> httpx.Response:
    # Streams end here with their headers; only problems have a body that is looked at.
    with client.stream(method, path.replace(OF_ONE_JOB, job_id)) as answer:
        if "json" in answer.headers.get("content-type", ""):
            answer.read()
        return answer


def shown(answer: httpx.Response) -> tuple[set[str], dict[str, Any]]:
    if answer.request.method == "HEAD":
        return set(answer.headers), {}
    body = answer.json()
    return set(answer.headers), {name: body[name] for name in body if name not in LEFT_OUT}


def told(client: httpx.Client, job_id: str) -> tuple[str, bytes | str]:
    """What its owner sees of a job: its state, and its result or why there is none."""
    result = client.get(f"/result/{job_id}")
    told = result.content if result.status_code == 200 else code_of(result)[1]
    return client.get(f"/status/{job_id}").json()["status"], told
