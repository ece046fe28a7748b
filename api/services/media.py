"""Media: the recording of a job as it was uploaded, for whoever may read the job.

What it is called and what it hashes to stands in the job's manifest, which a job that joined another's run has as well;
what it *is* is told from its first bytes, never from what a client said of it.
"""

from dataclasses import dataclass
from typing import BinaryIO, Final

import anyio.to_thread

from api.services.lookup import Lookup, unknown_job
from api.services.manifests import Manifests
from api.services.stored import open_stored
from stenopool.errors import ErrorCode, UsageError
from stenopool.media.kinds import HEAD_BYTES, sniff
from stenopool.media.store import Store

_UNTOLD: Final = ("application/octet-stream", "")


@dataclass(frozen=True, slots=True)
class Media:
    """A recording in the store."""

    key: str
    name: str
    """File name as given, for display only."""
    fingerprint: str
    size_bytes: int
    media_type: str
    extension: str
    """With its dot; of the kind that the content has, whatever the name says."""


class MediaShelf:
    """Finds recordings. Nothing is read before the job is known to be the tenant's."""

    def __init__(self, lookup: Lookup, store: Store) -> None:
        self._lookup = lookup
        self._store = store
        self._manifests = Manifests(store)

    async def media(self, job_id: str, tenant: str) -> Media:
        """The recording of a job. One Redis round trip, two reads of the store.

        Raises:
            UsageError: ``unknown_job``, also for a job whose deletion was begun; ``media_expired``.
            TransientError: ``store_unavailable``, and as ``Lookup.job``.
        """
        manifest = await self._manifests.read(await self._lookup.job(job_id, tenant))
        if manifest is None:
            raise unknown_job()
        size_bytes, media_type, extension = await anyio.to_thread.run_sync(self._looked_at, manifest.media_key)
        return Media(manifest.media_key, manifest.name, manifest.fingerprint, size_bytes, media_type, extension)

    async def open(self, media: Media) -> BinaryIO:
        """The recording for reading; whoever opens it closes it. Raises as ``media``."""
        return await anyio.to_thread.run_sync(self._open, media.key)

    def _looked_at(self, key: str) -> tuple[int, str, str]:
        with self._open(key) as file:
            kind = sniff(file.read(HEAD_BYTES))
            size_bytes = file.seek(0, 2)
        return size_bytes, *((kind.media_type, f".{kind.name}") if kind else _UNTOLD)

    def _open(self, key: str) -> BinaryIO:
        gone = UsageError(
            ErrorCode.MEDIA_EXPIRED, "the recording is not kept any more", "its transcript may still be there"
        )
        return open_stored(self._store, key, gone)
