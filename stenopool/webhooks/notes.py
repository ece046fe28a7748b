"""Notes in the store on what webhooks were told: what keeps a second telling away after a loss of Redis.

One small object per event, written once, when it was delivered or given up; beside the manifest and not in it, because
whoever rewrites a manifest (a retry, an ending) and whoever notes a delivery would overwrite each other's word.
The ledger forgets an event once it is noted.
"""

from collections.abc import Iterable
from datetime import date
from typing import Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from stenopool.ledger.states import RunState
from stenopool.logs import get_logger
from stenopool.media.store import Store, deliveries_prefix, delivery_key

_NOTED: Final = (RunState.COMPLETED, RunState.FAILED, RunState.CANCELLED)

_log = get_logger(__name__)


class TryNote(BaseModel):
    """One try."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    at: AwareDatetime
    status: int | None = None
    reason: str = ""


class ToldNote(BaseModel):
    """One event that is over: delivered, or given up."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    v: int = 1
    delivery_id: str
    run_number: int
    event: RunState
    outcome: Literal["delivered", "given_up"]
    at: AwareDatetime
    """When the job ended."""
    tries: tuple[TryNote, ...]

    def to_bytes(self) -> bytes:
        """JSON as it stands in the store."""
        return self.model_dump_json(exclude_none=True).encode()


def write_note(store: Store, day: date, job_id: str, note: ToldNote) -> None:
    """Durable on return; a first note stays. Raises ``TransientError``: ``store_unavailable`` or ``disk_full``."""
    store.put(delivery_key(day, job_id, note.run_number, note.event), note.to_bytes())


def is_noted(store: Store, day: date, job_id: str, run_number: int, event: RunState) -> bool:
    """Whether this event is over. Raises ``TransientError``: ``store_unavailable``."""
    return store.exists(delivery_key(day, job_id, run_number, event))


def noted_events(store: Store, day: date, job_id: str, run_number: int) -> tuple[RunState, ...]:
    """The endings of this run number that are over."""
    return tuple(event for event in _NOTED if is_noted(store, day, job_id, run_number, event))


def read_notes(store: Store, day: date, job_id: str) -> tuple[ToldNote, ...]:
    """All notes on a job, oldest first. Raises ``TransientError``: ``store_unavailable``."""
    return tuple(
        sorted(_read(store, store.keys(deliveries_prefix(day, job_id))), key=lambda note: (note.at, note.event))
    )


def drop_notes(store: Store, day: date, job_id: str) -> int:
    """Removes all notes on a job that is deleted; answers how many. Raises ``TransientError``."""
    return sum(store.delete(key) for key in list(store.keys(deliveries_prefix(day, job_id))))


def _read(store: Store, keys: Iterable[str]) -> Iterable[ToldNote]:
    for key in keys:
        try:
            yield ToldNote.model_validate_json(store.get(key))
        except KeyError:
            continue
        except ValidationError:
            _log.warning("note_unreadable", key=key)
