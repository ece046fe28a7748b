"""Another try of a job as its manifest tells it: the same recording and options, under the workers of today. Pure."""

from dataclasses import dataclass

from stenopool.ids import new_id
from stenopool.media.manifest import Manifest
from stenopool.transcripts.digest import transcription_digest
from stenopool.transcripts.options import stored_options


@dataclass(frozen=True, slots=True)
class Retry:
    """What another try of a job is made of."""

    identity: str
    """Engine identity that serves the job's pool today."""
    former: str | None = None
    """The last try that left work behind; taken over where the digest is still the same."""
    measured_s: float | None = None
    """Length of the recording, where an earlier try measured it: a better estimate."""
    request_id: str | None = None


def retry_draft(before: Manifest, retry: Retry) -> Manifest:
    """The manifest of the job as it goes on, on a run of its own."""
    digest = transcription_digest(before.tenant, before.fingerprint, stored_options(before.options), retry.identity)
    return before.model_copy(
        update={
            "transcription_id": new_id(),
            "identity": retry.identity,
            "digest": digest,
            "former": retry.former if digest == before.digest else None,
            "ending": None,
            "estimated_s": before.estimated_s if retry.measured_s is None else retry.measured_s,
            "run_number": before.run_number + 1,
            "request_id": retry.request_id,
        }
    )
