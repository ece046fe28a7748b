"""Removes from the store what the ledger has let go; each function may be repeated, and broken off anywhere.

Manifests first: what they name must not vanish before them. Nothing is removed before the caller has made sure that store
and ledger belong together (``is_of_ledger``).
"""

from datetime import date
from typing import Final

from pydantic import ValidationError

from stenopool.clock import to_ms
from stenopool.media.epoch import read_epoch
from stenopool.media.gone import Gone
from stenopool.media.store import (
    Store,
    deliveries_prefix,
    gone_key,
    manifest_key,
    peaks_key,
    transcript_key,
    work_key,
)
from stenopool.transcripts.model import Transcript

AUDIO: Final = ".pcm"
"""Ends the keys of decoded audio."""


def is_of_ledger(store: Store, epoch: str | None) -> bool:
    """Whether the store is the one of the ledger with this epoch; nothing is ever removed from another (rule 18)."""
    return epoch is not None and read_epoch(store) == epoch


def remove_manifest(store: Store, day: date, job_id: str) -> None:
    """Removes what the store knows of a job, the notes of its webhook included. Raises ``TransientError``."""
    store.delete(manifest_key(day, job_id))
    store.delete_all(deliveries_prefix(day, job_id))


def remove_body(store: Store, member: str) -> None:
    """Removes the bytes behind one name of the ledger's ``due`` (``stenopool.ledger.retention``), but of a job.

    Raises:
        TransientError: ``store_unavailable``.
        ValueError: no such thing goes.
    """
    kind, _, name = member.partition("/")
    match kind:
        case "media":
            store.delete(member)
        case "work":
            store.delete_all(f"{work_key(name)}/")
        case "pcm":
            for key in list(store.keys(f"{work_key(name)}/")):
                if key.endswith(AUDIO):
                    store.delete(key)
        case "result":
            _leave_note(store, name)
            _remove_result(store, name)
        case "tr":
            _remove_result(store, name)
            store.delete(gone_key(name))
        case _:
            raise ValueError("the store holds no such thing")


def _remove_result(store: Store, transcription_id: str) -> None:
    store.delete(transcript_key(transcription_id))
    store.delete(peaks_key(transcription_id))


def _leave_note(store: Store, transcription_id: str) -> None:
    """Jobs tell of the run still: without a note a rebuild would take it for one that never ran."""
    key = transcript_key(transcription_id)
    try:
        body, ended_ms = store.get(key), to_ms(store.written_at(key))
    except KeyError:
        return
    try:
        audio_s = Transcript.model_validate_json(body).duration
    except ValidationError:
        audio_s = None
    store.put(gone_key(transcription_id), Gone(ended_ms=ended_ms, audio_s=audio_s).to_bytes())
