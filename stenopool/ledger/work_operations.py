"""Operations of workers and of those who look after them: claims, leases, commits, heartbeats. Pure."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from pydantic import TypeAdapter

from stenopool.ledger.answers import Abandoned, Beaten, Claimed, Committed, Drained, Failed, Registered, Released, Swept
from stenopool.ledger.call import Call, argument
from stenopool.ledger.codec import shown_text, worker_name
from stenopool.ledger.model import (
    HeldClaim,
    Plan,
    PrepareGate,
    Timing,
    WorkerPulse,
)
from stenopool.ledger.states import MAX_DETAIL_BYTES, Blame, UnitKind
from stenopool.ledger.views import PoolView

EVERYBODY: Final = "*"
"""Stands for all workers where one is drained."""
_CLAIMED: Final = TypeAdapter(Claimed).validate_json
_BEATEN: Final = TypeAdapter(Beaten).validate_json
_COMMITTED: Final = TypeAdapter(Committed).validate_json
_FAILED: Final = TypeAdapter(Failed).validate_json
_RELEASED: Final = TypeAdapter(Released).validate_json
_ABANDONED: Final = TypeAdapter(Abandoned).validate_json
_SWEPT: Final = TypeAdapter(Swept).validate_json
_DRAINED: Final = TypeAdapter(Drained).validate_json
_REGISTERED: Final = TypeAdapter(Registered).validate_json
_POOL_VIEW: Final = TypeAdapter(PoolView).validate_json
_NOTHING: Final = TypeAdapter(None).validate_json


def claim(
    claim_id: str, worker: str, pools: Sequence[str], timing: Timing, gate: PrepareGate | None = None
) -> Call[Claimed]:
    """Leases the next unit that waits in the first of ``pools`` that has one. The same ``claim_id`` gets the same unit.

    What the gate holds back is passed over; without one nothing is.
    """
    values = {
        "claim_id": claim_id,
        "worker": worker_name(worker),
        "pools": list(pools),
        "lease_ms": timing.lease_ms,
        "gate": None if gate is None else asdict(gate),
    }
    return Call("claim", argument(values), _CLAIMED)


def beat(worker: str, claims: Sequence[HeldClaim], timing: Timing) -> Call[Beaten]:
    """Renews the leases of all that a worker holds; ``lost`` means stop: the run ended or another has the unit."""
    held = [asdict(claim) | {"done_s": round(claim.done_s, 3)} for claim in claims]
    values = {"worker": worker_name(worker), "claims": held, "lease_ms": timing.lease_ms}
    return Call("beat", argument(values), _BEATEN)


def plan(claim_id: str, plan: Plan, timing: Timing) -> Call[Committed]:
    """Commits ``prepare``: the run gets its units, or fails because it is longer than its tenant's quota of audio.

    Raises:
        ValueError: the plan names a unit twice, or has not exactly one ``assemble``.
    """
    names = [unit.unit_id for unit in plan.units]
    if len(set(names)) != len(names) or [unit.kind for unit in plan.units].count(UnitKind.ASSEMBLE) != 1:
        raise ValueError("a plan has one assemble, and units of different names")
    units = [asdict(unit) | {"cost_s": round(unit.cost_s, 3)} for unit in plan.units]
    values = {
        "claim_id": claim_id,
        "plan_id": plan.plan_id,
        "audio_s": plan.audio_s,
        "units": units,
        "lease_ms": timing.lease_ms,
    }
    return Call("plan", argument(values), _COMMITTED)


def commit(claim_id: str, timing: Timing, language: str | None = None) -> Call[Committed]:
    """Commits ``detect`` or ``span``, whose object is in the store. The last span hands out ``assemble`` in ``next``."""
    values = {"claim_id": claim_id, "language": language, "lease_ms": timing.lease_ms}
    return Call("commit", argument(values), _COMMITTED)


def finish(claim_id: str, transcript_key: str, identity: str) -> Call[Committed]:
    """Commits ``assemble``: the run is completed. ``identity`` is what really ran; another than asked is not indexed."""
    values = {"claim_id": claim_id, "transcript_key": transcript_key, "identity": identity}
    return Call("finish", argument(values), _COMMITTED)


def fail(claim_id: str, code: str, blame: Blame, detail: str | None = None) -> Call[Failed]:
    """Ends an attempt: the recording's fault fails the run at once, the unit's fault costs an attempt of three."""
    values = {
        "claim_id": claim_id,
        "code": code,
        "blame": blame,
        "detail": shown_text(detail, MAX_DETAIL_BYTES) if detail else None,
    }
    return Call("fail", argument(values), _FAILED)


def release(claim_id: str, delay_ms: int = 0) -> Call[Released]:
    """Gives a unit back without spending an attempt; with a delay when what it needs is away."""
    return Call("release", argument({"claim_id": claim_id, "delay_ms": max(0, delay_ms)}), _RELEASED)


def abandon(worker: str) -> Call[Abandoned]:
    """Ends all leases of a child known to be dead, as if they had run out now."""
    return Call("abandon", argument({"worker": worker_name(worker)}), _ABANDONED)


def sweep(timing: Timing) -> Call[Swept]:
    """Puts back what expired, hands out what was delayed, finds missing bells; at once back when called too often."""
    values = {"lease_ms": timing.lease_ms, "sweep_ms": timing.sweep_ms, "gap_ms": timing.gap_ms}
    return Call("sweep", argument(values), _SWEPT)


def register(pulse: WorkerPulse, ttl_ms: int) -> Call[Registered]:
    """A worker's heartbeat, good for ``ttl_ms``; ``mismatch`` tells a worker with other weights not to claim."""
    return Call(
        "register", argument(asdict(pulse) | {"worker_id": worker_name(pulse.worker_id), "ttl_ms": ttl_ms}), _REGISTERED
    )


def unregister(worker_id: str) -> Call[None]:
    """A worker leaves in order: it counts as alive no longer."""
    return Call("unregister", argument({"worker_id": worker_name(worker_id)}), _NOTHING)


def drain(worker_id: str, *, is_over: bool = False) -> Call[Drained]:
    """A worker, or with ``*`` every one, claims nothing more, or may again. What it holds it finishes."""
    name = worker_id if worker_id == EVERYBODY else worker_name(worker_id)
    return Call("drain", argument({"worker_id": name, "is_over": is_over}), _DRAINED)


def pool_view(pool: str) -> Call[PoolView]:
    """Identity, live workers and backlog of a pool. Read only."""
    return Call("pool_view", argument({"pool": pool}), _POOL_VIEW)
