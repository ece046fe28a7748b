"""The platform's own parts around one ledger and one store, without processes: what a rebuild has to bring back."""

import asyncio
import contextlib
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import redis

from api.services.cancellation import Cancellation
from api.services.lookup import Lookup
from api.services.pools import PoolWatch
from api.services.retries import Retries
from api.services.submission import Submissions
from api.services.submission_rules import SubmissionRules
from api.services.uploads import Upload
from stenopool.errors import StenopoolError, UsageError
from stenopool.ids import new_id
from stenopool.ledger import operations as op
from stenopool.ledger.call import Call
from stenopool.ledger.ledger import Ledger
from stenopool.ledger.lua import ScriptBook
from stenopool.ledger.model import FailingAnswer, Grant, RunState
from stenopool.media.endings import write_endings
from stenopool.media.epoch import found_epoch
from stenopool.media.kinds import WAV
from stenopool.media.local_store import LocalStore
from stenopool.media.store import Store
from stenopool.queueing.names import PREPARE, recognise_pool
from stenopool.rebuild import Rebuilt, rebuild_if_lost
from stenopool.webhooks.addresses import Openings
from tests.integration.api.scripted_worker import ScriptedWorker

POOL = recognise_pool("faster-whisper", "demo")
TENANT = "ann"
OPENINGS = Openings.of(["127.0.0.0/8"], [])
RULES = SubmissionRules("faster-whisper", ["demo"], 10_000, 1000, OPENINGS)
T = TypeVar("T")
OPEN = (RunState.QUEUED, RunState.PROCESSING)


class EndingLedger(Ledger):
    """Writes endings behind every answer, as workers and API do."""

    def __init__(self, client: redis.Redis, store: Store, scripts: ScriptBook | None = None) -> None:
        super().__init__(client, lambda _bells: None, scripts or ScriptBook())
        self._store = store

    def do(self, call: Call[T]) -> T:
        answer = super().do(call)
        if isinstance(answer, FailingAnswer):
            write_endings(self._store, answer.failed_runs)
        return answer


class Awaited:
    """A ledger for the API's services."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def do(self, call: Call[T]) -> T:
        return self._ledger.do(call)


@dataclass(frozen=True)
class Shown:
    """All that a client can tell of a job."""

    answer: str
    """Its state, or the code of the refusal."""
    reason: str = ""
    cached: bool = False
    created_ms: int = 0
    transcription_id: str = ""
    text: str = ""


class Office:
    """Takes jobs in, works on them, loses its Redis."""

    def __init__(self, client: redis.Redis, folder: Path) -> None:
        self.client = client
        self.store = LocalStore(folder / "store")
        self.ledger = self.make_ledger()
        self.worker = ScriptedWorker(self.ledger, self.store, POOL)
        self._spool = folder / "spool"
        self._spool.mkdir(parents=True)
        self.ledger.do(op.set_epoch(found_epoch(self.store, new_id())))
        self.worker.register()
        self.jobs: list[str] = []

    def make_ledger(self) -> Ledger:
        return EndingLedger(self.client, self.store)

    def submit(self, recording: str, **fields: str) -> str:
        """A job for the recording of this name; the same name is the same recording."""
        upload = Upload(
            new_id(), self._spool / new_id(), f"{recording}.wav", WAV, 9, recording * 64, tuple(fields.items())
        )
        upload.path.write_bytes(recording.encode())
        ledger = Awaited(self.ledger)
        submissions = Submissions(ledger, self.store, PoolWatch(ledger), RULES)
        job_id = run(submissions.submit(TENANT, upload)).job_id
        self.jobs.append(job_id)
        return job_id

    def cancel(self, job_id: str) -> None:
        ledger = Awaited(self.ledger)
        cancellation = Cancellation(ledger, self.store, self.lookup())
        # One that has ended otherwise cannot be taken back.
        with contextlib.suppress(UsageError):
            run(cancellation.cancel(job_id, TENANT))

    def retry(self, job_id: str) -> None:
        ledger = Awaited(self.ledger)
        pools = PoolWatch(ledger)
        retries = Retries(ledger, self.store, self.lookup(), pools, RULES)
        # One that has not ended badly is not tried again.
        with contextlib.suppress(UsageError):
            run(retries.retry(job_id, TENANT))

    def delete(self, job_id: str) -> None:
        """What is left in the store of a job that its client deleted."""
        for key in [key for key in self.store.keys("manifests/") if job_id in key]:
            self.store.delete(key)

    def next_span(self) -> Grant | None:
        """Prepares all that waits, and begins the next span."""
        while self.ledger.do(op.pool_view(PREPARE)).waiting:
            self.worker.prepare()
        return self.worker.claim(POOL)

    def finish_all(self) -> None:
        while (span := self.next_span()) is not None:
            self.worker.finish(span, f"words of {span.transcription_id}")

    def shown(self, job_id: str) -> Shown:
        try:
            job = run(self.lookup().status(job_id, TENANT))
            text = ""
            if job.job.state is RunState.COMPLETED:
                text = run(self.lookup().transcript(job_id, TENANT))[1].text
        except StenopoolError as error:
            return Shown(error.code)
        view = job.job
        reason = f"{job.reason.code} {job.reason.message}" if job.reason else ""
        return Shown(view.state, reason, view.cached, view.created_ms, view.transcription_id, text)

    def all_shown(self) -> dict[str, Shown]:
        return {job_id: self.shown(job_id) for job_id in self.jobs}

    def lose_redis(self) -> None:
        """Redis comes back empty; the workers register again."""
        self.client.flushall()
        self.worker.register()

    def lookup(self) -> Lookup:
        ledger = Awaited(self.ledger)
        return Lookup(ledger, self.store, PoolWatch(ledger))


def run(coroutine: Coroutine[object, object, T]) -> T:
    return asyncio.run(coroutine)


def rebuilt(office: Office) -> Rebuilt:
    done = rebuild_if_lost(office.client, office.ledger, office.store)
    assert done is not None
    return done


def as_after_a_loss(shown: Shown) -> Shown:
    """What was being worked on waits again; all else is as it was."""
    return replace(shown, answer=RunState.QUEUED) if shown.answer in OPEN else shown
