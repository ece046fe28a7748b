"""The API is told to stop: what was begun is finished within the grace, nothing new is, and nobody is kept waiting."""

import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from stenopool.ledger.ledger import Ledger
from stenopool.local.redis_server import RedisServer
from stenopool.media.local_store import LocalStore
from stenopool.redis_pools import redis_client
from tests.integration.api.conftest import POOL, wav
from tests.integration.api.scripted_worker import ScriptedWorker
from tests.integration.api.server import ApiServer
from tests.waiting import wait_until

GRACE_S = 30


@pytest.fixture
def api(own_redis: RedisServer, data_dir: Path) -> Iterator[ApiServer]:
    arguments = ("--timeout-graceful-shutdown", str(GRACE_S))
    with ApiServer(own_redis.url, data_dir, arguments=arguments) as server, redis_client(own_redis.url) as redis:
        ScriptedWorker(Ledger(redis, lambda _bells: None), LocalStore(data_dir / "store"), POOL).register()
        yield server


def slowly(body: bytes, go_on: threading.Event) -> Iterator[bytes]:
    yield body[: len(body) // 2]
    assert go_on.wait(GRACE_S)
    yield body[len(body) // 2 :]


def test_an_upload_in_hand_is_finished_and_a_waiting_poll_is_answered(
    api: ApiServer, own_redis: RedisServer, data_dir: Path
) -> None:
    go_on = threading.Event()
    headers = {"content-type": "audio/wav"}
    with (
        httpx.Client(base_url=api.address, trust_env=False, timeout=60) as http,
        ThreadPoolExecutor(2) as threads,
    ):
        job = http.post("/transcribe", content=wav(), headers=headers).json()["job_id"]
        body = wav()
        # First, and on the connection that is open: it is there when the upload is.
        poll = threads.submit(http.get, f"/status/{job}", headers={"prefer": "wait=60"})
        upload = threads.submit(http.post, "/transcribe", content=slowly(body, go_on), headers=headers)
        wait_until(lambda: api.spool, 10, "the upload to begin")
        began = time.monotonic()
        api.child.signal(signal.SIGTERM)
        assert poll.result(30).json()["status"] == "queued"
        assert time.monotonic() - began < GRACE_S
        wait_until(lambda: not is_listening(api), 10, "the door to be shut")
        assert api.child.exit_code is None
        go_on.set()
        answer = upload.result(30)
        assert answer.status_code == 202
    assert api.child.wait(GRACE_S)
    assert "Traceback" not in api.child.log_tail(100)
    # Another process goes on with it.
    with ApiServer(own_redis.url, data_dir) as other:
        status = httpx.get(f"{other.address}/status/{answer.json()['job_id']}", trust_env=False)
        assert status.json()["status"] == "queued"
        assert other.spool == []


def test_an_upload_longer_than_the_grace_leaves_nothing_behind(own_redis: RedisServer, data_dir: Path) -> None:
    with (
        ApiServer(own_redis.url, data_dir, arguments=("--timeout-graceful-shutdown", "1")) as server,
        redis_client(own_redis.url) as redis,
        socket.create_connection(("127.0.0.1", server.port), timeout=GRACE_S) as wire,
    ):
        ScriptedWorker(Ledger(redis, lambda _bells: None), LocalStore(data_dir / "store"), POOL).register()
        body = wav()
        head = f"POST /transcribe HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: audio/wav\r\nContent-Length: {len(body)}"
        wire.sendall(f"{head}\r\n\r\n".encode() + body[:-1])
        wait_until(lambda: server.spool, 10, "the upload to begin")
        server.child.signal(signal.SIGTERM)
        # Not a byte more from here: what is sent to a process that is gone makes the kernel drop its answer.
        answer = b"".join(iter(lambda: wire.recv(65_536), b"")).decode()
        assert server.child.wait(GRACE_S)
        assert answer.startswith("HTTP/1.1 503 ")
        assert '"code":"shutting_down"' in answer
        assert "\r\nretry-after: " in answer
        assert "Traceback" not in server.child.log_tail(100)
        assert server.spool == []
        assert not list(LocalStore(data_dir / "store").keys("media/"))
        assert not list(LocalStore(data_dir / "store").keys("manifests/"))


def is_listening(api: ApiServer) -> bool:
    try:
        httpx.get(f"{api.address}/health/live", trust_env=False, timeout=5)
    except httpx.TransportError:
        return False
    return True
