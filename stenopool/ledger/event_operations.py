"""The operations of those who tell and those who listen; as ``stenopool.ledger.operations``, whose like they are. Pure."""

from collections.abc import Sequence
from typing import Final

from pydantic import TypeAdapter

from stenopool.ledger.call import Call, argument
from stenopool.ledger.events import MOST_ENTRIES, News, Told, Wishes
from stenopool.ledger.views import Mark

_TOLD: Final = TypeAdapter(Told).validate_json
_NEWS: Final = TypeAdapter(News).validate_json


def tell(claim_id: str, first: int, segments: Sequence[str], *, is_whole: bool = False) -> Call[Told]:
    """Tells listeners segments of the span under a claim, JSON each; the first of them is the span's ``first``-th.

    What was told before is not told again. ``is_whole``: these are the last. Refused while Redis is full.
    """
    values = {"claim_id": claim_id, "first": first, "segments": list(segments) or None, "is_whole": is_whole or None}
    return Call("tell", argument(values), _TOLD)


def news(wishes: Wishes, limit: int = MOST_ENTRIES) -> Call[News]:
    """What is new since each was last told, at most ``limit`` entries of each source. Asks for no tenant. Read only.

    About 10 microseconds of Redis' time for each job.
    """
    values = {
        "jobs": [_shown(job_id, mark) for job_id, mark in wishes.jobs.items()],
        "runs": [{"run": run, "after": str(after)} for run, after in wishes.runs],
        "tenants": [_tenant(tenant, after) for tenant, after in wishes.tenants],
        "limit": limit,
    }
    return Call("news", argument(values), _NEWS)


def _shown(job_id: str, mark: Mark | None) -> dict[str, object]:
    if mark is None:
        return {"job_id": job_id}
    shown = {"job_id": job_id, "run": mark.transcription_id, "rev": mark.rev, "state": mark.state}
    return shown if mark.position is None else shown | {"position": mark.position}


def _tenant(tenant: str, after: int | None) -> dict[str, str]:
    return {"tenant": tenant} if after is None else {"tenant": tenant, "after": str(after)}
