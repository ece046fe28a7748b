"""The store holds all bodies: media, manifests, work, transcripts. Local disk first, behind a protocol.

Keys are relative, made by the functions below from ids alone; no text from outside ever becomes part of one.
Every object but manifests is write-once: written to a temporary file, fsynced, then linked. Whoever finds the object
present adopts it. Manifests, usage of today and records below ``keys/`` are replaced as a whole; the last are private
to the owner.
"""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import BinaryIO, Protocol


class Store(Protocol):
    """Bodies by key. Errors: ``TransientError`` store_unavailable or disk_full; ``KeyError`` for a missing object."""

    def put(self, key: str, body: bytes) -> bool:
        """Writes once, durable on return. False: the object was there already and is left as it is."""
        ...

    def adopt_file(self, key: str, file: Path) -> bool:
        """Moves a finished file of the same file system in as a write-once object, durable on return.

        False: the object was there already, and ``file`` is dropped. Without an error ``file`` is gone either way.
        """
        ...

    def copy(self, source: str, key: str) -> bool:
        """Gives a write-once object a second key, durable on return: deleting either leaves the other.

        False: there was an object under ``key`` already, and it is left as it is.
        """
        ...

    def replace(self, key: str, body: bytes) -> None:
        """Writes or replaces atomically, durable on return. Only manifests, keys, usage and the epoch are written so."""
        ...

    def get(self, key: str) -> bytes:
        """The whole object."""
        ...

    def open(self, key: str) -> BinaryIO:
        """The object for reading, seekable."""
        ...

    def path(self, key: str) -> Path:
        """A local path of the object for readers that need one (the decode child)."""
        ...

    def exists(self, key: str) -> bool:
        """Whether the object is there."""
        ...

    def size_bytes(self, key: str) -> int:
        """Length of the object."""
        ...

    def written_at(self, key: str) -> datetime:
        """When the object was written, aware UTC, by the store's own clock."""
        ...

    def delete(self, key: str) -> bool:
        """Removes the object; False when it was not there."""
        ...

    def delete_all(self, prefix: str) -> int:
        """Removes all objects below a prefix that ends with ``/``, durable on return; answers how many there were."""
        ...

    def keys(self, prefix: str) -> Iterator[str]:
        """Keys below a prefix that ends with ``/``, in no order."""
        ...


def media_key(upload_id: str) -> str:
    """The media of one upload."""
    return f"media/{upload_id}"


def manifest_key(day: date, job_id: str) -> str:
    """The manifest of a job submitted on ``day`` (UTC)."""
    return f"manifests/{day.isoformat()}/{job_id}.json"


def deliveries_prefix(day: date, job_id: str) -> str:
    """Below it: what the webhook of a job submitted on ``day`` (UTC) was told."""
    return f"deliveries/{day.isoformat()}/{job_id}/"


def delivery_key(day: date, job_id: str, run_number: int, event: str) -> str:
    """The note that such a job's webhook was told of an ending."""
    return f"{deliveries_prefix(day, job_id)}{run_number}-{event}.json"


def work_key(transcription_id: str) -> str:
    """Prefix of a run's work folder, without a slash at the end."""
    return f"work/{transcription_id}"


def pcm_key(work: str, plan_id: str) -> str:
    """Decoded audio of a plan: s16le, 16 kHz, mono."""
    return f"{work}/{plan_id}.pcm"


def plan_key(work: str, plan_id: str) -> str:
    """What prepare found: facts of the media, speech, spans."""
    return f"{work}/{plan_id}.json"


def span_key(work: str, plan_id: str, unit_id: str) -> str:
    """Result of one span of a plan."""
    return f"{work}/{plan_id}/{unit_id}.json"


def run_of(work: str) -> str:
    """The transcription whose work folder this is."""
    return work.rpartition("/")[2]


def peaks_key(transcription_id: str) -> str:
    """The outline of a run's audio; lives as long as its transcript."""
    return f"peaks/{transcription_id}.json"


def gone_key(transcription_id: str) -> str:
    """The note that a run was completed and its transcript is gone, as long as any job tells of it."""
    return f"gone/{transcription_id}.json"


def transcript_key(transcription_id: str) -> str:
    """The finished transcript."""
    return f"transcripts/{transcription_id}.json"
