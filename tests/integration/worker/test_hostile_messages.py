"""Messages that no Stenopool wrote, pushed onto the real queue of a real worker: none does anything but ring."""

import base64
import json
import os
import pickle
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from stenopool.local.redis_server import RedisServer
from stenopool.queueing.bell import queue_key
from stenopool.queueing.names import PREPARE
from tests.integration.worker.ground import BOTH, FAST, Ground, Worker, ground
from tests.waiting import wait_until

PICKLE = "application/x-python-serialize"


@dataclass
class Hall:
    """A worker, what it works on, and a file that must not appear."""

    grounds: Ground
    worker: Worker
    canary: Path

    def push(self, message: bytes) -> None:
        """Puts the message first in the queue and waits until it was taken out."""
        self.grounds.redis.rpush(queue_key(PREPARE), message)
        wait_until(lambda: not self.grounds.redis.llen(queue_key(PREPARE)), 15, "the message to be taken")

    def goes_on(self) -> None:
        """The worker does the next job, in the same main process."""
        self.grounds.completed(self.grounds.submit(duration_s=0.5))
        assert self.worker.child.exit_code is None, self.worker.log()
        assert not self.canary.exists()


@pytest.fixture(scope="module")
def hall(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    folder = tmp_path_factory.mktemp("hall")
    with redis_server.client() as client:
        client.flushall()
    with ground(redis_server.url, folder) as grounds:
        yield Hall(grounds, grounds.start(*BOTH, **FAST), folder / "canary")


@dataclass
class Bomb:
    """Unpickled, it writes a file."""

    canary: Path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return os.mkdir, (str(self.canary),)


@dataclass
class Forged:
    """A message as kombu puts it into a Redis list."""

    body: bytes = b"[[], {}, {}]"
    content_type: str = "application/json"
    encoding: str = "utf-8"
    task: str = "shift.open"
    headers: dict[str, Any] = field(default_factory=dict)

    def __bytes__(self) -> bytes:
        told = {"lang": "py", "task": self.task, "id": str(uuid.uuid4()), "argsrepr": "", "kwargsrepr": ""}
        return json.dumps(
            {
                "body": base64.b64encode(self.body).decode(),
                "content-encoding": self.encoding,
                "content-type": self.content_type,
                "headers": {**told, **self.headers},
                "properties": {
                    "correlation_id": "1",
                    "reply_to": "../../etc",
                    "delivery_mode": 2,
                    "delivery_info": {"exchange": "", "routing_key": PREPARE},
                    "priority": 0,
                    "body_encoding": "base64",
                    "delivery_tag": str(uuid.uuid4()),
                },
            }
        ).encode()


def with_arguments(*arguments: object, embed: dict[str, Any] | None = None, **named: object) -> Forged:
    return Forged(json.dumps([arguments, named, embed or {}]).encode())


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_threat_16_the_pickle_of_these_tests_does_harm_where_it_is_loaded(tmp_path: Path, protocol: int) -> None:
    canary = tmp_path / "canary"
    pickle.loads(pickle.dumps(Bomb(canary), protocol))  # noqa: S301 - shows that the test below can fail.
    assert canary.exists()


@pytest.mark.parametrize("protocol", [0, 2, pickle.HIGHEST_PROTOCOL])
@pytest.mark.parametrize("content_type", [PICKLE, f"{PICKLE}; charset=binary"])
def test_threat_16_a_pickled_message_is_refused_unread(hall: Hall, content_type: str, protocol: int) -> None:
    refused = hall.worker.log().count("Received invalid task message")
    hall.push(bytes(Forged(pickle.dumps(Bomb(hall.canary), protocol), content_type, "binary")))
    wait_until(lambda: hall.worker.log().count("Received invalid task message") > refused, 10, "its refusal")
    hall.goes_on()


def test_threat_16_a_pickle_that_is_called_json_is_no_json(hall: Hall) -> None:
    hall.push(bytes(Forged(pickle.dumps(Bomb(hall.canary)), encoding="binary")))
    hall.goes_on()


FORGED = {
    "an unknown task": Forged(task="os.system", body=b'[["touch canary"], {}, {}]'),
    "a task of Celery's own": Forged(task="celery.backend_cleanup"),
    "a path for an argument": with_arguments("../../../../etc/passwd"),
    "named arguments": with_arguments(media="/etc/passwd", queue="house"),
    "too many arguments": with_arguments(1, 2, 3),
    "another kind of argument": with_arguments({"__reduce__": ["os.system", ["touch canary"]]}),
    "a task to call afterwards": with_arguments(
        PREPARE, embed={"callbacks": [{"task": "os.system", "args": ["touch canary"], "options": {"queue": PREPARE}}]}
    ),
    "a time limit": Forged(headers={"timelimit": [0.1, 0.05]}),
    "a moment in the year 9999": Forged(headers={"eta": "9999-12-31T23:59:59+00:00"}),
    "a moment that is none": Forged(headers={"eta": "soon", "expires": {"a": 1}}),
    "a body that is no JSON": Forged(b"{"),
    "a body of another shape": Forged(b'{"args": 1}'),
    "an encoding nobody knows": Forged(encoding="rot13"),
    "no headers": Forged(headers={"task": None, "id": None}),
}


@pytest.mark.parametrize("name", FORGED)
def test_threat_17_a_forged_message_hurts_nobody(hall: Hall, name: str) -> None:
    hall.push(bytes(FORGED[name]))
    hall.goes_on()
