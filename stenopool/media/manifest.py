"""The manifest: what the store knows of a job, enough to rebuild its record. Born before it, dies before it."""

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, JsonValue

from stenopool.ledger.model import KEEPING, RECORD_VERSION, Keeping, Lane


class Ending(BaseModel):
    """How a job ended badly or was taken back; written before the answer that says so."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    state: Literal["failed", "cancelled"]
    at: AwareDatetime
    code: str | None = None
    detail: str | None = None


class Manifest(BaseModel):
    """One job as its client meant it. Fields of a newer version are ignored, never dropped silently: ``v`` tells."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    v: int = RECORD_VERSION
    job_id: str
    tenant: str
    name: str
    """File name as given, for display only."""
    digest: str
    transcription_id: str
    media_key: str
    pool: str
    lane: Lane = Lane.STANDARD
    identity: str
    options: str
    """Effective options, canonical JSON."""
    fingerprint: str
    size_bytes: int
    estimated_s: float = 0.0
    """Length that was expected at submission; 0 where nothing was."""
    request_hash: str
    idempotency_hash: str | None = None
    submitted_at: AwareDatetime
    webhook_url: str | None = None
    """Who is told how the job ended."""
    run_number: int = 1
    """How often the job was taken in or tried again: a webhook tells each ending once for each."""
    model: str | None = None
    """Model as the client or the operator named it; ``identity`` is what served under that name."""
    external_id: str | None = None
    """The client's own name for the job."""
    metadata: dict[str, JsonValue] | None = None
    """Whatever the client wants to find again; never read here."""
    request_id: str | None = None
    """Id of the request that began the job, or tried it again last; for the logs."""
    cached: bool = False
    """Whether a finished transcription answered the job."""
    former: str | None = None
    """Transcription of an earlier try, whose plan and finished spans this one's takes over."""
    keep: Keeping = KEEPING
    """How long its things are kept, as agreed at submission."""
    ending: Ending | None = None

    def to_bytes(self) -> bytes:
        """JSON as it stands in the store."""
        return self.model_dump_json(exclude_none=True).encode()

    def ended(self, ending: Ending) -> "Manifest":
        """The same job with its ending; a first ending stays."""
        return self if self.ending is not None else self.model_copy(update={"ending": ending})


def read_manifest(body: bytes) -> Manifest:
    """A manifest back from the store. Raises ``pydantic.ValidationError`` when it is not one."""
    return Manifest.model_validate_json(body)


def submitted_day(submitted_at: datetime) -> str:
    """``yyyy-mm-dd`` under which a job's manifest stands."""
    return submitted_at.date().isoformat()
