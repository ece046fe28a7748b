"""Manifests as the API writes them: born before the record, kept true to the ledger's answers."""

import anyio.to_thread
from pydantic import ValidationError

from stenopool.clock import from_ms
from stenopool.ledger.model import JobView
from stenopool.logs import get_logger
from stenopool.media.manifest import Ending, Manifest, read_manifest
from stenopool.media.store import Store, manifest_key

_log = get_logger(__name__)


class Manifests:
    """Reads and writes manifests without holding up the event loop. About 0.6 ms each, an fsync included."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def write(self, manifest: Manifest) -> None:
        """Writes or replaces; durable on return. Raises ``TransientError``: ``store_unavailable``, ``disk_full``."""
        await anyio.to_thread.run_sync(self._store.replace, _key(manifest), manifest.to_bytes())

    async def drop(self, manifest: Manifest) -> None:
        """Removes the manifest of a job that the ledger refused. Raises ``TransientError``."""
        await anyio.to_thread.run_sync(self._store.delete, _key(manifest))

    async def read(self, job: JobView) -> Manifest | None:
        """The job's manifest; None when it is not there, as in a deletion that was interrupted.

        Raises:
            TransientError: ``store_unavailable``.
        """
        return await anyio.to_thread.run_sync(self._read, job)

    async def end(self, job: JobView, ending: Ending) -> None:
        """Makes the manifest say how the job ended. The ledger's word counts: it stands in place of another.

        A worker may have noted a failure of the run just before the ledger gave the job another end. A missing
        manifest is an interrupted deletion, which the housekeeper finishes.

        Raises:
            TransientError: ``store_unavailable`` or ``disk_full``.
        """
        await anyio.to_thread.run_sync(self._end, job, ending)

    def _end(self, job: JobView, ending: Ending) -> None:
        manifest = self._read(job)
        if manifest is not None and (manifest.ending is None or manifest.ending.state != ending.state):
            self._store.replace(_key(manifest), manifest.model_copy(update={"ending": ending}).to_bytes())

    def _read(self, job: JobView) -> Manifest | None:
        try:
            return read_manifest(self._store.get(manifest_key(from_ms(job.created_ms).date(), job.job_id)))
        except (KeyError, ValidationError) as error:
            _log.warning("manifest_missing", job_id=job.job_id, error=type(error).__name__)
            return None


def _key(manifest: Manifest) -> str:
    return manifest_key(manifest.submitted_at.date(), manifest.job_id)
