"""A Redis that lost its last writes: what was promised meanwhile is made good from the store."""

import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from stenopool.ledger import keys
from stenopool.ledger import operations as op
from stenopool.ledger.model import RunState
from stenopool.local.redis_server import RedisServer
from stenopool.media.store import manifest_key
from stenopool.reconcile import Reconciled, reconcile_if_changed
from stenopool.redis_pools import redis_client
from tests.integration.api.scripted_worker import ScriptedWorker
from tests.integration.rebuild.long_day import a_long_day
from tests.integration.rebuild.office import OPEN, POOL, Office

ROOT = Path(__file__).parents[3]
DIES = """
import sys
from pathlib import Path
from stenopool.failpoints import arm
from stenopool.ledger.ledger import Ledger
from stenopool.media.local_store import LocalStore
from stenopool.reconcile import reconcile_if_changed
from stenopool.redis_pools import redis_client

arm(["reconcile_before_noted"], Path())
client = redis_client(sys.argv[1])
reconcile_if_changed(client, Ledger(client, lambda _: None), LocalStore(Path(sys.argv[2])))
"""


class ForgetfulRedis:
    """A Redis that can be set back to what its files held a while ago."""

    def __init__(self, server: RedisServer) -> None:
        self.server = server
        self._kept = server.directory.with_name("kept")

    def remember(self) -> None:
        shutil.rmtree(self._kept, ignore_errors=True)
        # Every write of a single-threaded Redis is in the file before the next command is read.
        shutil.copytree(self.server.directory, self._kept)

    def forget(self) -> None:
        """A crash of the machine, after which the files lack what was written since."""
        self.server.kill()
        shutil.rmtree(self.server.directory)
        shutil.copytree(self._kept, self.server.directory)
        self.server.start()


@pytest.fixture(scope="module")
def server(redis_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(redis_binary, tmp_path_factory.mktemp("redis") / "data") as server:
        yield server


@pytest.fixture
def past(server: RedisServer) -> ForgetfulRedis:
    return ForgetfulRedis(server)


@pytest.fixture
def office(server: RedisServer, tmp_path: Path) -> Iterator[Office]:
    with redis_client(server.url) as client:
        client.flushall()
        yield Office(client, tmp_path)


def reconciled(office: Office) -> Reconciled | None:
    return reconcile_if_changed(office.client, office.ledger, office.store)


@pytest.mark.parametrize("seed", range(5))
def test_every_job_answers_as_before_its_last_minutes_were_lost(
    office: Office, past: ForgetfulRedis, seed: int
) -> None:
    chance = random.Random(seed)
    deleted = a_long_day(office, chance, 30)
    past.remember()
    deleted |= a_long_day(office, chance, 15)
    for job in chance.sample(office.jobs, len(office.jobs) // 3):
        office.retry(job)
    deleted |= a_long_day(office, chance, 15)
    before = {job: shown for job, shown in office.all_shown().items() if job not in deleted}
    past.forget()
    unknown = {shown.answer for shown in office.all_shown().values()} - set(RunState)
    assert unknown <= {"ledger_lost"}, "a job was denied"
    office.worker.register()
    done = reconciled(office)
    assert done is not None
    assert done.restored + done.brought > 0
    after = office.all_shown()
    for job, shown in before.items():
        if shown.answer in OPEN:
            # Perhaps on the run before, if it failed and was tried again in what was lost.
            assert after[job].answer in OPEN
        else:
            assert after[job] == shown
    assert reconciled(office) is None
    # What the first worker held is not handed out to it again at once.
    office.worker.die()
    office.worker = ScriptedWorker(office.ledger, office.store, POOL)
    office.finish_all()
    for job, shown in office.all_shown().items():
        if job in before:
            assert shown.answer == (RunState.COMPLETED if before[job].answer in OPEN else before[job].answer)


def test_whoever_dies_over_it_is_soon_followed_by_another(office: Office, past: ForgetfulRedis, tmp_path: Path) -> None:
    # Until it is done nobody is let in who has a key: a minute of that is long.
    office.submit("a")
    past.server.kill()
    past.server.start()
    argv = [sys.executable, "-c", DIES, past.server.url, str(tmp_path / "store")]
    assert subprocess.run(argv, cwd=ROOT, timeout=60, check=False).returncode == -signal.SIGKILL
    assert 0 < office.client.pttl(keys.REBUILD_LOCK) <= 15_000
    office.client.delete(keys.REBUILD_LOCK)
    assert reconciled(office) == Reconciled()


def test_a_restart_that_lost_nothing_changes_nothing(office: Office, past: ForgetfulRedis) -> None:
    job = office.submit("a")
    shown = office.shown(job)
    past.server.stop()
    past.server.start()
    assert reconciled(office) == Reconciled()
    assert reconciled(office) is None
    assert office.shown(job) == shown


def test_an_unknown_job_may_come_back_until_store_and_ledger_were_compared(
    office: Office, past: ForgetfulRedis
) -> None:
    past.remember()
    job = office.submit("a")
    past.forget()
    assert office.shown(job).answer == office.shown("0" * 32).answer == "ledger_lost"
    reconciled(office)
    assert office.shown(job).answer == RunState.QUEUED
    assert office.shown("0" * 32).answer == "unknown_job"


@pytest.mark.parametrize("how", ["completed", "failed", "cancelled"])
def test_an_old_job_that_ended_in_what_was_lost_has_ended(office: Office, past: ForgetfulRedis, how: str) -> None:
    """Its manifest is not among the last minutes' ones: the ledger's own open runs are looked at."""
    job = office.submit("a")
    _make_old(office, job)
    past.remember()
    span = office.next_span()
    assert span is not None
    match how:
        case "completed":
            office.worker.finish(span)
        case "failed":
            office.worker.fail(span, "no_audio")
        case _:
            office.cancel(job)
    shown = office.shown(job)
    assert shown.answer == how
    past.forget()
    assert office.shown(job).answer == RunState.QUEUED
    assert reconciled(office) == Reconciled(brought=1)
    assert office.shown(job) == shown
    # What was handed out of it before is nothing now.
    assert office.next_span() is None


def _make_old(office: Office, job: str) -> None:
    """As if the job had been submitted three weeks ago."""
    days = 21 * 24 * 3600 * 1000
    record = f"steno:job:{job}"
    created = int(office.client.hget(record, "created") or 0)
    [key] = [key for key in office.store.keys("manifests/") if job in key]
    body = office.store.get(key)
    office.client.hset(record, "created", str(created - days))
    [live] = office.ledger.do(op.jobs_of(office.shown(job).transcription_id))
    office.store.delete(key)
    office.store.replace(manifest_key(date.fromisoformat(live.manifest_day), job), body)


def test_the_rebuild_of_an_empty_redis_leaves_nothing_to_compare(office: Office) -> None:
    office.submit("a")
    office.lose_redis()
    assert reconciled(office) is None
