"""One stream for all of a tenant's jobs: in one order, for that tenant alone, exact after a cut."""

import json
from collections.abc import Iterator

import httpx
import pytest

from stenopool.ledger.ledger import Ledger
from stenopool.ledger.model import Grant
from stenopool.media.local_store import LocalStore
from stenopool.redis_pools import redis_client
from tests.integration.api.conftest import POOL, wav
from tests.integration.api.listener import Heard, Listener
from tests.integration.api.place import Place, code_of, job_of, submit
from tests.integration.api.scripted_worker import ScriptedWorker
from tests.waiting import wait_until


class Tenant:
    """Somebody with a key, whose recordings a worker does as it is told."""

    def __init__(self, place: Place, name: str, worker: ScriptedWorker) -> None:
        self._place = place
        self.worker = worker
        self.key = place.key(name).text
        self.http = place.client(self.key)

    def listen(self, last: str | None = None) -> Listener:
        headers = {"Authorization": f"Bearer {self.key}"}
        listener = Listener(self._place.server.address, "/jobs/events", last, headers)
        # Whoever has a place hears from there on; it comes with the first answer.
        wait_until(lambda: listener.place is not None or listener.has_ended.is_set(), 10, "a place")
        return listener

    def submit(self) -> str:
        return job_of(submit(self.http, wav()))

    def recognising(self) -> Grant:
        self.worker.prepare()
        return self.worker.recognise()


@pytest.fixture
def worker(place: Place) -> Iterator[ScriptedWorker]:
    with redis_client(place.redis.url) as client:
        worker = ScriptedWorker(Ledger(client, lambda _bells: None), LocalStore(place.server.data_dir / "store"), POOL)
        worker.register(600_000)
        worker.clear()
        yield worker


@pytest.fixture
def ann(place: Place, worker: ScriptedWorker) -> Iterator[Tenant]:
    tenant = Tenant(place, "ann", worker)
    with tenant.http:
        yield tenant


def _seen(events: list[Heard]) -> list[tuple[str, str]]:
    """What was told in its order, progress left out: it has no place in it."""
    return [
        (heard.name, heard.text if heard.name == "segment" else str(heard.data.get("job_id", "")))
        for heard in events
        if heard.name != "progress"
    ]


def test_all_jobs_are_told_in_one_order_and_to_their_tenant_alone(place: Place, ann: Tenant) -> None:
    bob = Tenant(place, "bob", ann.worker)
    with bob.http, ann.listen() as listener, bob.listen() as stranger:
        first = ann.submit()
        span = ann.recognising()
        ann.worker.tell(span, 0, "one")
        second = ann.submit()
        ann.worker.beat(span, 4.0)
        ann.worker.tell(span, 1, "two", is_whole=True)
        ann.worker.finish_with(span, "one", "two")
        ann.worker.fail(ann.worker.prepare_only(), "no_audio", "There is no sound.")
        listener.wait("failed")
        own = bob.submit()
        stranger.wait("queued")
    assert _seen(listener.events) == [
        ("queued", first),
        ("processing", first),
        ("segment", "one"),
        ("queued", second),
        ("segment", "two"),
        ("completed", first),
        ("processing", second),
        ("failed", second),
    ]
    assert listener.named("segment")[0].data == {
        "job_ids": [first],
        "span": 0,
        "segment": {"start": 0.0, "end": 1.0, "text": "one", "confidence": 0.75},
    }
    assert listener.named("failed")[0].data["error"]["code"] == "no_audio"
    assert {heard.data["job_ids"][0] for heard in listener.named("progress")} == {first}
    assert _seen(stranger.events) == [("queued", own)]


def test_each_place_leads_to_what_followed_it(ann: Tenant) -> None:
    with ann.listen() as listener:
        start = listener.place
        jobs = [ann.submit() for _ in range(2)]
        for _ in jobs:
            ann.worker.prepare()
        spans = [ann.worker.recognise() for _ in jobs]
        for place, word in enumerate(("one", "two", "three")):
            for span in spans:
                ann.worker.tell(span, place, word)
        ann.worker.give_up(spans[0])
        again = ann.worker.recognise()
        ann.worker.tell(again, 0, "one")
        ann.worker.finish_with(spans[1], "one", "two", "three")
        ann.worker.finish_with(again, "one")
        listener.wait("completed", 2)
    whole = [heard for heard in listener.events if heard.place]
    assert len(whole) == len([heard for heard in listener.events if heard.name != "progress"]) == 14
    for number, known in enumerate([start, *(heard.place for heard in whole[:-1])]):
        with ann.listen(known) as later:
            later.wait("completed", len([heard for heard in whole[number:] if heard.name == "completed"]))
            assert _seen(later.events) == _seen(whole[number:])


def test_what_happens_once_the_answer_has_begun_is_told(place: Place, ann: Tenant) -> None:
    with ann.http.stream("GET", "/jobs/events") as response:
        # Nothing of the body was read: "now" was before it.
        job_id = ann.submit()
        lines = response.iter_lines()
        assert next(line for line in lines if line.startswith(("id:", "data:"))).startswith("id:")
        assert job_id in next(line for line in lines if line.startswith("data:"))


def test_who_comes_back_with_a_place_that_is_not_known_loads_the_list(ann: Tenant) -> None:
    for last in ("5", "nonsense", "9999999999999999"):
        with ann.listen(last) as listener:
            listener.wait("reload")
            job_id = ann.submit()
            listener.wait("queued")
            assert _seen(listener.events) == [("reload", ""), ("queued", job_id)]


def test_a_quiet_stream_moves_its_listener_on(ann: Tenant) -> None:
    with ann.listen() as listener:
        before = listener.place
        job_id = ann.submit()
        listener.wait("queued")
        assert int(str(before)) < int(str(listener.place))
        assert listener.events[-1].data == {"job_id": job_id, "status": "queued"}
        assert json.loads(ann.http.get("/jobs").text)["data"][0]["job_id"] == job_id


def test_without_a_key_there_is_nothing_to_listen_to(place: Place) -> None:
    with httpx.Client(base_url=place.server.address, trust_env=False) as http:
        assert code_of(http.get("/jobs/events")) == (401, "unauthenticated")
