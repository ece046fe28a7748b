"""Calls that wait for their job, made in a thread while the test plays the worker."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from openai import OpenAI

from stenopool.ledger import operations as op
from stenopool.ledger.ledger import Ledger
from stenopool.queueing.names import PREPARE
from tests.integration.api.scripted_worker import ScriptedWorker
from tests.integration.api.server import ApiServer
from tests.waiting import wait_until

T = TypeVar("T")

LIMIT_S = 20.0


def client_of(api: ApiServer, **settings: Any) -> OpenAI:
    """The official client, which here tries but once unless ``settings`` say otherwise."""
    return OpenAI(**{"api_key": "none", "base_url": f"{api.address}/v1", "timeout": 30, "max_retries": 0, **settings})


@contextmanager
def calling(call: Callable[[], T]) -> Iterator["Future[T]"]:
    """The call under way; when the block ends its thread has ended."""
    with ThreadPoolExecutor(1) as threads:
        yield threads.submit(call)


def wait_for_work(ledger: Ledger) -> None:
    """Until a submitted recording waits for a prepare worker."""
    wait_until(lambda: ledger.do(op.pool_view(PREPARE)).waiting, LIMIT_S, "a recording")


def answered(call: Callable[[], T], ledger: Ledger, worker: ScriptedWorker, text: str = "good morning") -> T:
    """What the call gives, its one recording transcribed as ``text``."""
    with calling(call) as answer:
        wait_for_work(ledger)
        worker.complete(text)
        return answer.result(LIMIT_S)


def failed(call: Callable[[], T], ledger: Ledger, worker: ScriptedWorker, code: str) -> T:
    """What the call gives when its recording cannot be prepared."""
    with calling(call) as answer:
        wait_for_work(ledger)
        grant = worker.claim(PREPARE)
        assert grant is not None
        worker.fail(grant, code)
        return answer.result(LIMIT_S)
