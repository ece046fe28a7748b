"""A host is lost, all of it; a backup that was taken while it worked makes every job answer as before."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from stenopool.cli import app
from stenopool.clock import utc_now
from stenopool.keys.book import KeyBook
from stenopool.keys.limits import TenantLimits
from stenopool.local.commands import Choice, Place, process_commands
from stenopool.local.ports import free_port
from stenopool.local.processes import Child
from stenopool.local.redis_server import RedisServer
from stenopool.local.stack import Stack
from stenopool.local.stopping import StopSignals
from stenopool.media.local_store import LocalStore
from stenopool.queueing.names import PREPARE
from tests.acceptance.live_stack import People, fast_leases, write_tone
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(300)

FAKE = Choice("fake", "fake")


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    fast_leases(monkeypatch)
    monkeypatch.setenv("ALLOW_FAKE_ENGINE", "true")
    monkeypatch.setenv("FAKE_ENGINE_SPEED", "4")
    monkeypatch.setenv("RATE_LIMIT_SUBMIT", "off")


def stenopool(*arguments: str, **environment: str) -> str:
    """The operator's command; what it printed."""
    done = CliRunner().invoke(app, arguments, env=environment)
    assert done.exit_code == 0, done.output
    return done.stdout.strip()


@contextmanager
def host(redis: RedisServer, data_dir: Path, *names: str) -> Iterator[People]:
    """These processes of the local runner, with one worker for both kinds of work: a lost host need not be a large one."""
    place = Place(data_dir=data_dir, host="127.0.0.1", port=free_port(), stop_grace_s=0)
    commands = {command.name: command for command in process_commands(place, FAKE, redis.url)}
    worker = commands["recognise"]
    commands["worker"] = replace(
        worker, argv=[f"{PREPARE},{FAKE.pool}" if word == FAKE.pool else word for word in worker.argv]
    )
    with ExitStack() as stack:
        for name in names:
            child = Child(commands[name])
            stack.callback(child.stop, 20)
        people = People(Stack(place, FAKE, redis.url, stack.enter_context(StopSignals())), redis)
        stack.callback(people.http.close)
        wait_until(lambda: _works(people), 60, "the host to work", every_s=0.1)
        yield people


def _works(people: People) -> bool:
    try:
        workers = people.http.get("/health").json()["workers"]
    except httpx.TransportError:
        return False
    return bool(workers["prepare"] and workers["recognise"])


def told(status: dict[str, Any]) -> dict[str, Any]:
    """What a client knows of an ended job; a rebuild does not know when its work began."""
    return {name: status.get(name) for name in ("status", "error", "cached", "file_name", "submitted_at", "duration")}


def test_every_job_answers_as_before_on_another_host_and_the_open_one_ends(redis_binary: Path, tmp_path: Path) -> None:
    backups = tmp_path / "backups"
    with (
        RedisServer(redis_binary, tmp_path / "data" / "redis") as redis,
        host(redis, tmp_path / "data", "api", "worker") as people,
    ):
        done = people.submit(write_tone(tmp_path / "done.wav", 1.0), vad_filter="false")["job_id"]
        assert people.ended(done)["status"] == "completed"
        hit = people.submit(tmp_path / "done.wav", vad_filter="false")["job_id"]
        (tmp_path / "broken.wav").write_bytes(write_tone(tmp_path / "whole.wav", 1.0).read_bytes()[:44])
        broken = people.submit(tmp_path / "broken.wav", vad_filter="false")["job_id"]
        assert people.ended(broken)["status"] == "failed"
        gone = people.submit(write_tone(tmp_path / "gone.wav", 1.0, hertz=350), vad_filter="false")["job_id"]
        assert people.ended(gone)["status"] == "completed"
        assert people.http.delete(f"/job/{gone}").is_success
        running = people.submit(write_tone(tmp_path / "running.wav", 12.0, hertz=300), vad_filter="false")["job_id"]
        people.running(running)
        left = people.submit(write_tone(tmp_path / "left.wav", 1.0, hertz=370), vad_filter="false")["job_id"]
        assert people.http.delete(f"/job/{left}").json()["status"] == "cancelled"
        ended = {job: told(people.status(job)) for job in (done, hit, broken, left)}
        text = people.result(done)["text"]
        book = KeyBook(LocalStore(tmp_path / "data" / "store"))
        book.set_limits("acme", TenantLimits(active_jobs=77), utc_now())

        folder = stenopool("backup", str(backups), "--keep", "3", DATA_DIR=str(tmp_path / "data"))

    shutil.rmtree(tmp_path / "data")
    new = tmp_path / "new"
    with RedisServer(redis_binary, tmp_path / "redis") as redis:
        stenopool("restore", folder, DATA_DIR=str(new), REDIS_URL=redis.url)
        with host(redis, new, "api", "worker", "house") as people:
            wait_until(
                lambda: all(people.http.get(f"/status/{job}").status_code == 200 for job in [*ended, running]),
                60,
                "every job to answer",
                every_s=0.1,
            )
            assert {job: told(people.status(job)) for job in ended} == ended
            assert people.result(done)["text"] == people.result(hit)["text"] == text
            assert people.ended(running)["status"] == "completed"
            wait_until(
                lambda: people.http.get(f"/status/{gone}").status_code == 404, 30, "the deleted job to be known so"
            )
    acme = KeyBook(LocalStore(new / "store")).tenant("acme")
    assert acme is not None
    assert acme.limits.active_jobs == 77
