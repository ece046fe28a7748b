"""What the client said of its job, out of the job's manifest: it never changes, so it is read once and kept a while."""

import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from api.services.manifests import Manifests
from stenopool.errors import TransientError
from stenopool.ledger.model import KEEPING, JobView, Keeping
from stenopool.media.manifest import Manifest

_KEPT: Final = 2000
"""Jobs remembered: some 5 kB each at most, so 10 MB; pollers ask for the same few again and again."""


@dataclass(frozen=True, slots=True)
class Details:
    """A job as its client meant it."""

    name: str
    """The file's whole name; the ledger keeps 64 bytes of it."""
    model: str | None
    options: Mapping[str, JsonValue]
    estimated_s: float | None
    """How long the recording was expected to be when it came."""
    external_id: str | None
    metadata: Mapping[str, JsonValue] | None
    keep: Keeping = KEEPING


class DetailsShelf:
    """Details by job. Whoever asks has been shown the job before: no tenant is looked at here."""

    def __init__(self, manifests: Manifests) -> None:
        self._manifests = manifests
        self._kept: OrderedDict[str, Details] = OrderedDict()

    async def of(self, job: JobView) -> Details | None:
        """The job's details, None while they cannot be read: a status is worth having without them."""
        kept = self._kept.get(job.job_id)
        if kept is not None:
            self._kept.move_to_end(job.job_id)
            return kept
        try:
            manifest = await self._manifests.read(job)
        except TransientError:
            return None
        if manifest is None:
            return None
        details = self._kept[job.job_id] = _details(manifest)
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return details


def _details(manifest: Manifest) -> Details:
    return Details(
        name=manifest.name,
        model=manifest.model,
        options=json.loads(manifest.options),
        estimated_s=manifest.estimated_s or None,
        external_id=manifest.external_id,
        metadata=manifest.metadata,
        keep=manifest.keep,
    )
