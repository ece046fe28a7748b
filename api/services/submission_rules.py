"""What the operator set about submissions, and a manifest as the submission that the ledger takes."""

from collections.abc import Sequence
from dataclasses import dataclass

from api.services.keeping import DEFAULT_RULES, KeepingRules
from api.services.quotas import UNLIMITED, QuotaSource
from stenopool.clock import to_ms
from stenopool.ledger.codec import external_hash
from stenopool.ledger.model import Quotas, Submission
from stenopool.media.manifest import Manifest
from stenopool.media.store import work_key
from stenopool.webhooks.addresses import NO_OPENINGS, Openings


@dataclass(frozen=True, slots=True)
class SubmissionRules:
    """What the operator set."""

    engine: str
    models: Sequence[str]
    """Those a client may ask for, the default first."""
    max_queued_jobs: int
    max_jobs_per_transcription: int
    openings: Openings = NO_OPENINGS
    """Private receivers that webhooks may reach."""
    max_audio_s: float = 4 * 3600
    keeping: KeepingRules = DEFAULT_RULES
    """How long things are kept."""
    quotas: QuotaSource = UNLIMITED
    """What each tenant may have."""


def submission_of(draft: Manifest, media: str | None, rules: SubmissionRules, quotas: Quotas) -> Submission:
    """The job of a manifest as the ledger takes it; ``media`` is None where no run of its own is to be made."""
    return Submission(
        job_id=draft.job_id,
        transcription_id=draft.transcription_id,
        tenant=draft.tenant,
        name=draft.name,
        digest=draft.digest,
        pool=draft.pool,
        identity=draft.identity,
        options=draft.options,
        request_hash=draft.request_hash,
        media_key=media,
        work_key=work_key(draft.transcription_id),
        former_work_key=None if draft.former is None else work_key(draft.former),
        lane=draft.lane,
        idempotency_hash=draft.idempotency_hash,
        external_hash=None if draft.external_id is None else external_hash(draft.external_id),
        has_hook=draft.webhook_url is not None,
        keep=draft.keep,
        run_number=draft.run_number,
        request_id=draft.request_id,
        submitted_ms=to_ms(draft.submitted_at),
        max_jobs_per_run=rules.max_jobs_per_transcription,
        max_waiting=rules.max_queued_jobs,
        estimated_s=draft.estimated_s,
        size_bytes=draft.size_bytes,
        quotas=quotas,
    )
