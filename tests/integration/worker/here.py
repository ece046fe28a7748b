"""A pool child's equipment inside the test's own process, without a watchdog that runs."""

import os

from stenopool.ledger.model import timing_of
from stenopool.media.local_store import LocalStore
from stenopool.queueing.names import PREPARE
from tests.integration.worker.ground import POOL, Ground
from worker.duty import Duty
from worker.endings import Endings
from worker.engines.fake import FakeEngine
from worker.run_files import Admission, RunFiles, WorkerRecord, run_dir
from worker.units.bench import Bench
from worker.watchdog import Child, Watchdog


class BrokenStore(LocalStore):
    """A store that fails while a transcript is looked for."""

    error: BaseException | None = None

    def exists(self, key: str) -> bool:
        if self.error is not None and key.startswith("transcripts/"):
            raise self.error
        return super().exists(key)


def duty_here(grounds: Ground) -> tuple[Duty, BrokenStore]:
    """The equipment, with a store that can be broken."""
    files = RunFiles(run_dir(grounds.settings.data_dir), os.getpid())
    files.create(WorkerRecord(worker_id="here:1:a", pools=(PREPARE, POOL), children=1))
    files.admit(Admission.OK)
    store = BrokenStore(grounds.settings.data_dir / "store")
    endings = Endings(grounds.ledger, store)
    engine = FakeEngine()
    timing = timing_of(30, 2, 5)
    child = Child("here:1:a/2", 2, engine.identity.canonical(), timing, files)
    watchdog = Watchdog(child, grounds.ledger, endings)
    bench = Bench(store, grounds.settings, grounds.settings.data_dir / "spool")
    return Duty(child.name, (PREPARE, POOL), timing, files, grounds.ledger, endings, bench, engine, watchdog), store
