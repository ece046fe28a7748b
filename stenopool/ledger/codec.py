"""Packed records of the ledger: units and claims as one short line of text each; pure.

``scripts/shared/records.lua`` is the twin that the scripts read and write with, a test compares the two.
"""

import hashlib
from dataclasses import astuple, dataclass, fields
from typing import Final

from stenopool.ledger.states import UnitKind, UnitState

_SEPARATOR: Final = ","


@dataclass(frozen=True, slots=True)
class UnitRecord:
    """A unit as it stands in ``tr:<id>:units``."""

    kind: UnitKind
    state: UnitState
    cost_s: float
    from_sample: int
    to_sample: int
    attempt: int
    """Started claims that were not released."""
    claims: int
    """Claims that were never started, the present one included."""
    claim: str
    """The claim in force, also when its lease ran out and nobody took the unit yet; else empty."""
    last_worker: str
    """Who started it last, else empty."""
    order_ms: int
    """Its place among those that wait."""
    delayed_ms: int
    """Sum of the delays it was released with."""


@dataclass(frozen=True, slots=True)
class ClaimRecord:
    """A claim as it stands in ``claims``."""

    transcription_id: str
    unit_id: str
    worker: str
    started: bool
    rearmed: bool
    """Whether a late sweep has extended this lease since the holder's last beat."""
    deadline_ms: int
    """Time after which the holder's watchdog gives up, 0 where it did not tell."""
    done_ms: int
    """Milliseconds of audio done, as the holder last told."""


def pack_unit(unit: UnitRecord) -> str:
    """The record as text."""
    return _pack(astuple(unit))


def unpack_unit(text: str) -> UnitRecord:
    """The record from its text.

    Raises:
        ValueError: the text is no unit record.
    """
    kind, state, cost, start, end, attempt, claims, claim, last_worker, order, delayed = _unpack(text, UnitRecord)
    return UnitRecord(
        kind=UnitKind(kind),
        state=UnitState(state),
        cost_s=float(cost),
        from_sample=int(start),
        to_sample=int(end),
        attempt=int(attempt),
        claims=int(claims),
        claim=claim,
        last_worker=last_worker,
        order_ms=int(order),
        delayed_ms=int(delayed),
    )


def pack_claim(claim: ClaimRecord) -> str:
    """The record as text."""
    return _pack(astuple(claim))


def unpack_claim(text: str) -> ClaimRecord:
    """The record from its text.

    Raises:
        ValueError: the text is no claim record.
    """
    run, unit, worker, started, rearmed, deadline, done = _unpack(text, ClaimRecord)
    return ClaimRecord(run, unit, worker, started == "1", rearmed == "1", int(deadline), int(done))


def worker_name(worker: str) -> str:
    """A worker's name as records hold it: without the character that parts their fields."""
    return worker.replace(_SEPARATOR, "_")


def external_hash(external_id: str) -> str:
    """The short form under which the ledger keeps a client's own name for a job: 128 bits, 32 hex digits.

    The name itself may have 800 bytes and stands in the manifest.
    """
    return hashlib.sha256(external_id.encode()).hexdigest()[:32]


def shown_text(text: str, max_bytes: int) -> str:
    """Text for display, cut to ``max_bytes`` of UTF-8; what UTF-8 cannot hold is replaced."""
    return text.encode("utf-8", "replace")[:max_bytes].decode("utf-8", "ignore")


def _pack(values: tuple[object, ...]) -> str:
    return _SEPARATOR.join(_field(value) for value in values)


def _field(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    # As Lua writes numbers: 14 digits, and no ".0" behind a whole one.
    return f"{value:.14g}" if isinstance(value, float) else str(value)


def _unpack(text: str, record: type[UnitRecord] | type[ClaimRecord]) -> list[str]:
    parts = text.split(_SEPARATOR)
    if len(parts) != len(fields(record)):
        raise ValueError(f"{record.__name__} has {len(fields(record))} fields, not {len(parts)}")
    return parts
