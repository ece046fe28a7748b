"""Who follows a job hears of everything once, however often the stream is cut and whichever process answers."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from stenopool.ledger import keys
from stenopool.ledger.ledger import Ledger
from stenopool.ledger.model import Grant
from stenopool.local.redis_server import RedisServer
from stenopool.media.local_store import LocalStore
from stenopool.redis_pools import redis_client
from tests.integration.api.conftest import POOL, wav
from tests.integration.api.listener import Listener
from tests.integration.api.place import job_of, submit
from tests.integration.api.scripted_worker import ScriptedWorker
from tests.integration.api.server import ApiServer
from tests.waiting import wait_until

WORDS = ("one", "two", "three", "four", "five", "six")


@pytest.fixture(scope="module")
def other_api(redis_server: RedisServer, api: ApiServer) -> Iterator[ApiServer]:
    """A second process on the same Redis and store."""
    with ApiServer(redis_server.url, api.data_dir) as server:
        yield server


def follow(api: ApiServer, job_id: str, place: str | None = None) -> Listener:
    return Listener(api.address, f"/jobs/{job_id}/events", place)


def test_a_job_is_told_from_its_submission_to_its_end(
    api: ApiServer, http: httpx.Client, worker: ScriptedWorker, recording: bytes
) -> None:
    job_id = job_of(submit(http, recording))
    with follow(api, job_id) as listener:
        listener.wait("queued")
        span = _recognising(worker)
        listener.wait("processing")
        worker.tell(span, 0, *WORDS[:2])
        listener.wait("segment", 2)
        worker.beat(span, 4.0)
        listener.wait("progress")
        worker.tell(span, 2, *WORDS[2:], is_whole=True)
        worker.finish_with(span, *WORDS)
        listener.wait_end()
        # A place in the queue may be told again; all else comes once and in this order.
        names = [heard.name for heard in listener.events if heard.name != "progress"]
        assert names[names.index("processing") :] == ["processing", *["segment"] * 6, "completed"]
        assert set(names[: names.index("processing")]) == {"queued"}
        assert tuple(listener.texts) == WORDS
        assert listener.named("segment")[1].data == {
            "job_id": job_id,
            "span": 0,
            "segment": {"start": 1.0, "end": 2.0, "text": "two", "confidence": 0.75},
        }
        assert listener.named("progress")[-1].data["progress"] == 0.5
        assert listener.named("completed")[0].data == http.get(f"/status/{job_id}").json()
        assert listener.retry_ms is None
    with follow(api, job_id, listener.place) as again:
        again.wait_end()
        assert (again.status, again.events) == (204, [])


def test_a_client_that_was_cut_anywhere_misses_and_repeats_nothing(
    api: ApiServer, other_api: ApiServer, http: httpx.Client, worker: ScriptedWorker, recording: bytes
) -> None:
    job_id = job_of(submit(http, recording))
    span = _recognising(worker)
    heard: list[str] = []
    place: str | None = None
    for number, word in enumerate(WORDS):
        # Every time to the other process, once in front of a word and once behind it.
        server = (api, other_api)[number % 2]
        with follow(server, job_id, place) as listener:
            listener.wait("processing")
            worker.tell(span, number, word)
            listener.wait("segment")
            heard += listener.texts
            place = listener.place
    assert tuple(heard) == WORDS
    worker.tell(span, len(WORDS), is_whole=True)
    worker.finish_with(span, *WORDS)
    with follow(other_api, job_id, place) as last:
        last.wait_end()
        assert (last.texts, [event.name for event in last.events]) == ([], ["completed"])


def test_each_place_of_a_stream_leads_to_what_followed_it(
    api: ApiServer, other_api: ApiServer, http: httpx.Client, worker: ScriptedWorker, recording: bytes
) -> None:
    job_id = job_of(submit(http, recording))
    first = _recognising(worker)
    worker.tell(first, 0, "one", "tow")
    worker.give_up(first)
    second = worker.recognise()
    worker.tell(second, 0, *WORDS, is_whole=True)
    worker.finish_with(second, *WORDS)
    with follow(api, job_id) as listener:
        listener.wait_end()
        whole = listener.events
    assert [event.name for event in whole] == [*["segment"] * 2, "span_restarted", *["segment"] * 6, "completed"]
    assert whole[2].data == {"job_id": job_id, "span": 0}
    for number, event in enumerate(whole[:-1]):
        assert event.place
        with follow(other_api, job_id, event.place) as again:
            again.wait_end()
            assert again.events == whole[number + 1 :]


def test_what_redis_has_forgotten_goes_on_out_of_the_transcript(
    api: ApiServer, http: httpx.Client, worker: ScriptedWorker, redis_server: RedisServer, recording: bytes
) -> None:
    job_id = job_of(submit(http, recording))
    span = _recognising(worker)
    with follow(api, job_id) as listener:
        worker.tell(span, 0, *WORDS[:3])
        listener.wait("segment", 3)
    worker.finish_with(span, *WORDS)
    with redis_client(redis_server.url) as client:
        client.delete(keys.events(span.transcription_id))
    with follow(api, job_id, listener.place) as rest, follow(api, job_id) as newcomer:
        rest.wait_end()
        newcomer.wait_end()
    assert (tuple(rest.texts), rest.named("span_restarted")) == (WORDS[3:], [])
    assert tuple(newcomer.texts) == WORDS
    with follow(api, job_id, newcomer.named("segment")[3].place) as later:
        later.wait_end()
    assert tuple(later.texts) == WORDS[4:]


def test_text_that_could_not_be_told_in_time_is_told_before_the_end(
    api: ApiServer, http: httpx.Client, worker: ScriptedWorker, recording: bytes
) -> None:
    job_id = job_of(submit(http, recording))
    span = _recognising(worker)
    with follow(api, job_id) as listener:
        worker.tell(span, 0, *WORDS[:2])
        listener.wait("segment", 2)
        worker.finish_with(span, *WORDS)
        listener.wait_end()
    assert tuple(listener.texts) == WORDS
    assert listener.events[-1].name == "completed"


def test_a_job_that_is_tried_again_begins_again_for_its_listener(
    api: ApiServer, http: httpx.Client, worker: ScriptedWorker, recording: bytes
) -> None:
    job_id = job_of(submit(http, recording))
    span = _recognising(worker)
    with follow(api, job_id) as listener:
        worker.tell(span, 0, "wrong")
        listener.wait("segment")
        worker.fail(span, "engine_failed", "It broke.")
        listener.wait_end()
    failed = listener.events[-1]
    assert (failed.name, failed.data["error"]["code"]) == ("failed", "engine_failed")
    assert http.post(f"/jobs/{job_id}/retry").status_code == 202
    with follow(api, job_id, listener.place) as again:
        span = _recognising(worker)
        worker.tell(span, 0, *WORDS, is_whole=True)
        worker.finish_with(span, *WORDS)
        again.wait_end()
    assert again.events[0].name == "span_restarted"
    assert again.events[0].data == {"job_id": job_id, "span": None}
    assert tuple(again.texts) == WORDS
    assert again.events[-1].name == "completed"


def test_a_cancelled_job_is_told_as_such(
    api: ApiServer, http: httpx.Client, worker: ScriptedWorker, recording: bytes
) -> None:
    job_id = job_of(submit(http, recording))
    with follow(api, job_id) as listener:
        listener.wait("queued")
        assert http.delete(f"/job/{job_id}").status_code == 200
        listener.wait_end()
    assert listener.events[-1].name == "cancelled"


def test_an_answer_from_an_earlier_transcription_is_told_whole(
    api: ApiServer, http: httpx.Client, worker: ScriptedWorker, recording: bytes
) -> None:
    first = job_of(submit(http, recording))
    span = _recognising(worker)
    worker.finish_with(span, *WORDS)
    second = job_of(submit(http, recording))
    assert second != first
    with follow(api, second) as listener:
        listener.wait_end()
    assert tuple(listener.texts) == WORDS


def test_a_place_may_stand_in_the_query_and_nonsense_is_no_place(
    api: ApiServer, http: httpx.Client, worker: ScriptedWorker, recording: bytes
) -> None:
    job_id = job_of(submit(http, recording))
    worker.prepare()
    span = worker.recognise()
    worker.tell(span, 0, *WORDS, is_whole=True)
    worker.finish_with(span, *WORDS)
    with follow(api, job_id) as listener:
        listener.wait_end()
    path = f"/jobs/{job_id}/events?last_event_id="
    with Listener(api.address, path + str(listener.named("segment")[3].place)) as rest:
        rest.wait_end()
    assert tuple(rest.texts) == WORDS[4:]
    with Listener(api.address, path + "nonsense") as lost:
        lost.wait_end()
    assert [lost.events[0].name, *lost.texts] == ["span_restarted", *WORDS]


def test_streams_of_a_process_that_stops_end_at_once_and_go_on_at_the_next(
    servers: Callable[..., ApiServer], own_redis: RedisServer, data_dir: Path
) -> None:
    with redis_client(own_redis.url) as client:
        worker = ScriptedWorker(Ledger(client, lambda _bells: None), LocalStore(data_dir / "store"), POOL)
        with servers() as first:
            worker.register()
            with httpx.Client(base_url=first.address, trust_env=False, timeout=10) as http:
                job_id = job_of(submit(http, wav()))
            span = _recognising(worker)
            worker.tell(span, 0, "one")
            with follow(first, job_id) as listener:
                listener.wait("segment")
                first.child.signal(signal.SIGTERM)
                listener.wait_end(5)
                assert listener.retry_ms == 1000
            wait_until(lambda: first.child.exit_code is not None, 10, "the end of the process")
        with servers() as second, follow(second, job_id, listener.place) as again:
            worker.tell(span, 1, *WORDS[1:], is_whole=True)
            worker.finish_with(span, *WORDS)
            again.wait_end()
    assert ["one", *again.texts] == list(WORDS)


def test_thirty_jobs_and_their_listeners_hold_up_no_upload(
    api: ApiServer, http: httpx.Client, worker: ScriptedWorker
) -> None:
    jobs = [job_of(submit(http, wav())) for _ in range(30)]
    for _ in jobs:
        worker.prepare()
    spans = [worker.recognise() for _ in jobs]
    listeners = [follow(api, job_id) for job_id in jobs for _ in range(2)]
    try:
        for span in spans:
            worker.tell(span, 0, "one")
        for listener in listeners:
            listener.wait("segment")
        job_of(submit(http, wav()))
        for span in spans:
            worker.finish_with(span, "one")
        for listener in listeners:
            listener.wait_end()
            assert listener.texts == ["one"]
    finally:
        for listener in listeners:
            listener.close()


def _recognising(worker: ScriptedWorker) -> Grant:
    worker.prepare()
    return worker.recognise()
