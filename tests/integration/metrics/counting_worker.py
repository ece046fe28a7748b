"""A Celery worker whose children count, tied to our signals as ``worker.app`` is; for the tests of this folder."""

import os
import signal
from dataclasses import replace
from typing import Any

from celery import signals

from stenopool.errors import ErrorCode
from stenopool.ledger.model import Grant, UnitKind
from stenopool.queueing.celery_app import celery_settings, make_app
from stenopool.settings import process_settings
from worker import exposition, measures

QUEUE = "counting"
POOL = "recognise.fake.fake"

app = make_app("counting", "tests.integration.metrics.counting_worker:configuration", [])

_held: list[object] = []


def __getattr__(name: str) -> object:
    if name != "configuration":
        raise AttributeError(name)
    return {**celery_settings(process_settings(), (QUEUE,)), "worker_concurrency": 2}


def grant(kind: UnitKind = UnitKind.SPAN) -> Grant:
    """A unit of ten seconds of audio."""
    span = Grant("c", "t", "span-0", kind, 0, POOL, "{}", "{}", "m", "w", "p", 0, 160_000, 10.0, 10.0, None, 1)
    return replace(span, unit_id=str(kind)) if kind is not UnitKind.SPAN else span


@app.task(name="count")  # type: ignore[untyped-decorator]  # Celery ships no types.
def count() -> None:
    """One unit done and one failed."""
    measures.attempt_begun(grant())
    measures.unit_done(grant(), 2.5)
    measures.unit_let_go(grant(), "done")
    measures.attempt_begun(grant(UnitKind.PREPARE))
    measures.attempt_failed(ErrorCode.UNDECODABLE_MEDIA)
    measures.unit_let_go(grant(UnitKind.PREPARE), "given back")


@app.task(name="die")  # type: ignore[untyped-decorator]  # As above.
def die() -> None:
    """The child is killed."""
    os.kill(os.getpid(), signal.SIGKILL)


def _begin(**_: Any) -> None:
    _held.append(exposition.WorkerExposition.start(process_settings()))


def _join(**_: Any) -> None:
    _held.append(exposition.join(process_settings()))


def _end(**_: Any) -> None:
    for served in _held:
        if isinstance(served, exposition.WorkerExposition):
            served.close()


signals.worker_init.connect(_begin, weak=False)
signals.worker_process_init.connect(_join, weak=False)
signals.worker_shutdown.connect(_end, weak=False)
