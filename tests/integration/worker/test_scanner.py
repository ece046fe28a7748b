"""A virus scanner before a real prepare worker: what it finds goes, what it does not answer for waits."""

from collections.abc import Iterator

import pytest

from stenopool.ledger.model import RunState
from stenopool.local.redis_server import RedisServer
from tests.fake_clamd import EICAR, FakeClamd
from tests.integration.worker.ground import BOTH, FAST, Ground, Job, Worker, ground, tone
from tests.waiting import wait_until


class Gate:
    """A worker and its scanner."""

    def __init__(self, grounds: Ground, clamd: FakeClamd) -> None:
        self.grounds = grounds
        self.clamd = clamd
        self.worker: Worker = grounds.start(*BOTH, **FAST, SCANNER=clamd.address)

    def has_media(self, job: Job) -> bool:
        return self.grounds.store.exists(self.grounds.manifest(job).media_key)


@pytest.fixture(scope="module")
def gate(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    with redis_server.client() as client:
        client.flushall()
    with ground(redis_server.url, tmp_path_factory.mktemp("gate")) as grounds, FakeClamd() as clamd:
        yield Gate(grounds, clamd)


def test_a_clean_recording_is_scanned_whole_and_transcribed(gate: Gate) -> None:
    body = tone(0.5)
    gate.grounds.completed(gate.grounds.submit(media=body))
    assert body in gate.clamd.scanned


def test_an_infected_recording_fails_at_once_and_is_removed(gate: Gate) -> None:
    # A recording in every other way: it would be decoded, and heard.
    job = gate.grounds.submit(media=tone(0.5) + EICAR)
    view = gate.grounds.ended(job)
    assert (view.state, view.reason, view.attempt) == (RunState.FAILED, "infected", 1)
    assert not gate.has_media(job)
    assert '"act": "remove_infected"' in gate.worker.log()
    assert "Eicar-Test-Signature" in gate.worker.log()
    ending = wait_until(lambda: gate.grounds.manifest(job).ending, 5, "the ending in the manifest")
    assert ending is not None
    assert ending.code == "infected"


def test_where_ledger_and_store_do_not_share_an_epoch_nothing_is_removed(gate: Gate) -> None:
    epoch = gate.grounds.redis.get("steno:epoch")
    gate.grounds.redis.set("steno:epoch", "f" * 32)
    try:
        job = gate.grounds.submit(media=tone(0.5) + EICAR)
        assert gate.grounds.ended(job).reason == "infected"
        assert gate.has_media(job)
    finally:
        gate.grounds.redis.set("steno:epoch", str(epoch))


def test_a_recording_that_is_too_large_for_the_scanner_is_not_decoded(gate: Gate) -> None:
    job = gate.grounds.submit(media=tone(0.5) + bytes(2 << 20))
    view = gate.grounds.ended(job)
    assert (view.reason, view.attempt) == ("unscannable", 1)
    assert gate.has_media(job)


def test_while_the_scanner_is_away_recordings_wait_and_spend_no_attempt(gate: Gate) -> None:
    gate.clamd.stop()
    job = gate.grounds.submit(duration_s=0.5)
    delayed = wait_until(lambda: gate.grounds.redis.zrange("steno:delayed", 0, -1), 20, "the recording to be put off")
    assert "scanner_unavailable" in gate.worker.log()
    assert not gate.grounds.view(job).state.ended
    gate.clamd.start()
    # Put off for half a minute; the test does not wait for that.
    gate.grounds.redis.zadd("steno:delayed", {str(unit): 0 for unit in delayed})
    gate.grounds.completed(job)
    # A spent one would make it the second.
    assert gate.grounds.view(job).attempt == 1
    assert gate.worker.child.exit_code is None
