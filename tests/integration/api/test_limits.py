"""Limits of an upload with real sockets: pace, deadline, disk and queue, each with its own code and nothing left."""

import re
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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

WINDOW_S = 1.0
SIZE_BYTES = 1_000_000


@contextmanager
def serving(redis: RedisServer, data_dir: Path, settings: Mapping[str, str]) -> Iterator[ApiServer]:
    """An API with these settings and a worker that lives."""
    with ApiServer(redis.url, data_dir, settings) as server, redis_client(redis.url) as client:
        ScriptedWorker(Ledger(client, lambda _bells: None), LocalStore(data_dir / "store"), POOL).register()
        yield server


def trickle(server: ApiServer, pause_s: float, piece: bytes = b"\x00") -> tuple[str, float]:
    """Sends a raw body piece by piece until an answer comes: its text, and after how many seconds."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as wire:
        head = f"POST /transcribe HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: audio/wav\r\nContent-Length: {SIZE_BYTES}\r\n\r\n"
        wire.sendall(head.encode() + wav(300))
        began = time.monotonic()
        wire.settimeout(pause_s)
        while time.monotonic() - began < 30:
            try:
                beginning = wire.recv(65_536)
            except TimeoutError:
                wire.sendall(piece)
                continue
            after_s = time.monotonic() - began
            return whole(beginning, wire).decode(), after_s
    raise AssertionError("the upload was not ended")


def whole(answer: bytes, wire: socket.socket) -> bytes:
    """An answer that begins so, all of it: head and body may come apart."""
    wire.settimeout(10)
    while not is_whole(answer):
        more = wire.recv(65_536)
        assert more, answer
        answer += more
    return answer


def is_whole(answer: bytes) -> bool:
    head, gap, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"\r\ncontent-length: (\d+)", head)
    return bool(gap) and length is not None and len(body) >= int(length[1])


def test_threat_14_a_trickle_is_ended_after_its_window(own_redis: RedisServer, data_dir: Path) -> None:
    settings = {"MIN_UPLOAD_RATE": "10000", "UPLOAD_WINDOW_S": str(WINDOW_S)}
    with serving(own_redis, data_dir, settings) as server:
        answer, after_s = trickle(server, 0.05)
        assert answer.startswith("HTTP/1.1 408 ")
        assert "upload_too_slow" in answer
        assert "MIN_UPLOAD_RATE" in answer
        assert "connection: close" in answer.lower()
        assert 0.8 * WINDOW_S < after_s < 3 * WINDOW_S
        wait_until(lambda: server.spool == [], 5, "an empty spool")


def test_threat_14_a_client_that_says_nothing_more_is_ended_after_its_window(
    own_redis: RedisServer, data_dir: Path
) -> None:
    settings = {"MIN_UPLOAD_RATE": "1000", "UPLOAD_WINDOW_S": str(WINDOW_S)}
    with serving(own_redis, data_dir, settings) as server:
        answer, after_s = trickle(server, 20)
        assert answer.startswith("HTTP/1.1 408 ")
        assert after_s < 3 * WINDOW_S


def test_threat_14_an_upload_that_keeps_the_pace_is_ended_at_its_deadline(
    own_redis: RedisServer, data_dir: Path
) -> None:
    with serving(own_redis, data_dir, {"MIN_UPLOAD_RATE": "100", "UPLOAD_DEADLINE_S": "2"}) as server:
        answer, after_s = trickle(server, 0.05, bytes(100))
        assert answer.startswith("HTTP/1.1 408 ")
        assert "UPLOAD_DEADLINE_S" in answer
        assert 1.6 < after_s < 6


def test_threat_14_fifty_slow_clients_hold_up_nobody_and_are_all_ended(own_redis: RedisServer, data_dir: Path) -> None:
    settings = {"MIN_UPLOAD_RATE": "10000", "UPLOAD_WINDOW_S": "2"}
    with serving(own_redis, data_dir, settings) as server:
        wires = [socket.create_connection(("127.0.0.1", server.port), timeout=30) for _ in range(50)]
        head = f"POST /transcribe HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: audio/wav\r\nContent-Length: {SIZE_BYTES}\r\n\r\n"
        for wire in wires:
            wire.sendall(head.encode() + wav(300))
        with httpx.Client(base_url=server.address, trust_env=False, timeout=10) as client:
            assert client.post("/transcribe", files={"file": ("a.wav", wav())}).status_code == 202
        assert {wire.recv(65_536)[:13] for wire in wires} == {b"HTTP/1.1 408 "}
        for wire in wires:
            wire.close()
        wait_until(lambda: server.spool == [], 10, "an empty spool")


@pytest.mark.parametrize(
    ("settings", "uploads", "expected"),
    [
        ({"MIN_FREE_DISK_MB": "999999999"}, 1, (507, "disk_full")),
        ({"MAX_QUEUED_JOBS": "1"}, 2, (503, "queue_full")),
    ],
)
def test_threat_03_a_full_disk_or_queue_is_told_with_its_code_and_a_time(
    own_redis: RedisServer, data_dir: Path, settings: Mapping[str, str], uploads: int, expected: tuple[int, str]
) -> None:
    with (
        serving(own_redis, data_dir, settings) as server,
        httpx.Client(base_url=server.address, trust_env=False, timeout=10) as client,
    ):
        answers = [client.post("/transcribe", files={"file": ("a.wav", wav())}) for _ in range(uploads)]
        assert all(answer.status_code == 202 for answer in answers[:-1])
        assert (answers[-1].status_code, answers[-1].json()["code"]) == expected
        assert int(answers[-1].headers["retry-after"]) > 0
        assert answers[-1].json()["hint"]
        assert server.spool == []
