"""Writes how runs failed into the manifests of their jobs: one piece of code for worker, API and housekeeper.

The manifests come after the ledger: one that says "failed" wins at a rebuild, so it must never be written for a run
that goes on. A process that dies in between costs a rebuild one more try of the run, nothing else.
"""

from collections.abc import Iterable
from datetime import date

from stenopool.clock import from_ms
from stenopool.errors import StenopoolError
from stenopool.failpoints import Failpoint, fail_at
from stenopool.ledger.model import FailedRun
from stenopool.logs import get_logger
from stenopool.media.manifest import Ending, read_manifest
from stenopool.media.store import Store, manifest_key

_log = get_logger(__name__)


def write_endings(store: Store, failed_runs: Iterable[FailedRun]) -> None:
    """Makes each job's manifest say how its run failed; a first ending stays. About 0.6 ms a job.

    Never raises for the store's sake: the ledger has decided, and its answer must not be lost over a full disk.
    """
    for run in failed_runs:
        fail_at(Failpoint.ENDING_BEFORE_MANIFESTS)
        ending = Ending(state="failed", at=from_ms(run.ended_ms), code=run.code, detail=run.detail)
        for job in run.jobs:
            key = manifest_key(date.fromisoformat(job.manifest_day), job.job_id)
            try:
                manifest = read_manifest(store.get(key))
                # Another run's: the job was tried again meanwhile.
                if manifest.transcription_id == run.transcription_id:
                    store.replace(key, manifest.ended(ending).to_bytes())
            except KeyError:
                _log.info("manifest_gone", job_id=job.job_id)
            except (StenopoolError, ValueError) as error:
                _log.warning("ending_not_written", job_id=job.job_id, error=type(error).__name__)
