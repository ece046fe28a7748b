"""The ledger's operations as values: each function builds the ``Call`` of one script. Pure.

Use: ``from stenopool.ledger import operations as op``, then ``Ledger.do(op.claim(...))``. Every operation is one round
trip and may be repeated (rule 1). ``worker`` is ``<worker id>/<pid of the child>`` throughout.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from pydantic import TypeAdapter

from stenopool.ledger.answers import (
    Abandoned,
    Beaten,
    Cancelled,
    Claimed,
    Committed,
    Drained,
    Failed,
    Life,
    Listed,
    LiveJob,
    Mark,
    PoolView,
    Recounted,
    RedisRun,
    Registered,
    Released,
    Restored,
    Retried,
    Sought,
    Submitted,
    Swept,
    Viewed,
)
from stenopool.ledger.call import Call, argument
from stenopool.ledger.census import Census
from stenopool.ledger.codec import shown_text, worker_name
from stenopool.ledger.model import (
    HeldClaim,
    JobQuery,
    Plan,
    PrepareGate,
    Restoration,
    RestoredEnding,
    Submission,
    Timing,
    WorkerPulse,
)
from stenopool.ledger.outbox import DeliveryNote, PendingDelivery, Taken
from stenopool.ledger.quotas import LedgerDays, UseRecounted
from stenopool.ledger.states import MAX_DETAIL_BYTES, MAX_NAME_BYTES, Blame, RunState, UnitKind

EVERYBODY: Final = "*"
"""Stands for all workers where one is drained."""

_SUBMITTED: Final = TypeAdapter(Submitted).validate_json
_RESTORED: Final = TypeAdapter(Restored).validate_json
_REDIS_RUN: Final = TypeAdapter(RedisRun).validate_json
_LIFE: Final = TypeAdapter(Life).validate_json
_SOUGHT: Final = TypeAdapter(Sought).validate_json
_CLAIMED: Final = TypeAdapter(Claimed).validate_json
_BEATEN: Final = TypeAdapter(Beaten).validate_json
_COMMITTED: Final = TypeAdapter(Committed).validate_json
_FAILED: Final = TypeAdapter(Failed).validate_json
_RELEASED: Final = TypeAdapter(Released).validate_json
_ABANDONED: Final = TypeAdapter(Abandoned).validate_json
_RETRIED: Final = TypeAdapter(Retried).validate_json
_CANCELLED: Final = TypeAdapter(Cancelled).validate_json
_SWEPT: Final = TypeAdapter(Swept).validate_json
_VIEWED: Final = TypeAdapter(Viewed).validate_json
_RUNS: Final = TypeAdapter(tuple[str, ...]).validate_json
_LIVE_JOBS: Final = TypeAdapter(tuple[LiveJob, ...]).validate_json
_LISTED: Final = TypeAdapter(Listed).validate_json
_MARKS: Final = TypeAdapter(tuple[Mark, ...]).validate_json
_DRAINED: Final = TypeAdapter(Drained).validate_json
_REGISTERED: Final = TypeAdapter(Registered).validate_json
_POOL_VIEW: Final = TypeAdapter(PoolView).validate_json
_CENSUS: Final = TypeAdapter(Census).validate_json
_TAKEN: Final = TypeAdapter(Taken).validate_json
_PENDING: Final = TypeAdapter(tuple[PendingDelivery, ...]).validate_json
_RECOUNTED: Final = TypeAdapter(Recounted).validate_json
_USE_RECOUNTED: Final = TypeAdapter(UseRecounted).validate_json
_LEDGER_DAYS: Final = TypeAdapter(LedgerDays).validate_json
_EPOCH: Final = TypeAdapter[str | None](str | None).validate_json
_EPOCH_IN_FORCE: Final = TypeAdapter(str).validate_json
_NOTHING: Final = TypeAdapter(None).validate_json


def submit(submission: Submission) -> Call[Submitted]:
    """Takes a job in: a new run, a join, or an answer from a finished one. The media are in the store already.

    The same job id again answers as the first time. Refused while the ledger is lost.
    """
    return Call("submit", _intake(submission), _SUBMITTED)


def retry(submission: Submission) -> Call[Retried]:
    """Tries a failed or cancelled job again, on a live run of its digest or on the new one that is named here.

    The submission is the job's first one but for ``transcription_id``, which is new, and for media and identity, which
    are those of today. The same ``transcription_id`` again answers as the first time.
    """
    return Call("retry", _intake(submission), _RETRIED)


def restore(restoration: Restoration) -> Call[Restored]:
    """Takes a job in again after the ledger was lost: running, completed, failed or cancelled, under its own ids.

    No limit counts. A job that is known is left as it is, unless the restoration brings it.

    Raises:
        ValueError: the submission names no media or no time, or a failure has no code.
    """
    submission, ending = restoration.submission, restoration.ending
    if submission.media_key is None or submission.submitted_ms is None:
        raise ValueError("a job is restored with its media and the time of its submission")
    if ending is not None and ending.state is RunState.FAILED and ending.code is None:
        raise ValueError("a failure has a code")
    values = _submission_values(submission) | {
        "is_hit": restoration.is_hit,
        "told": list(restoration.told),
        "brings": restoration.brings,
        "ending": None if ending is None else _ending_values(ending),
    }
    return Call("restore", argument(values), _RESTORED)


def find(digest: str, tenant: str = "", idempotency_hash: str | None = None) -> Call[Sought]:
    """The newest live or completed run of a digest, and whether a submission with this key must wait; read only."""
    values = {"digest": digest, "tenant": tenant, "idempotency_hash": idempotency_hash}
    return Call("find", argument(values), _SOUGHT)


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


def cancel(job_id: str, tenant: str) -> Call[Cancelled]:
    """Takes a job back. The last job that leaves ends the run; a foreign job is unknown."""
    return Call("cancel", argument({"job_id": job_id, "tenant": tenant}), _CANCELLED)


def view(job_id: str, tenant: str) -> Call[Viewed]:
    """A job and its run as one consistent read; a foreign job is unknown. Read only."""
    return Call("view", argument({"job_id": job_id, "tenant": tenant}), _VIEWED)


def list_jobs(query: JobQuery) -> Call[Listed]:
    """One page of a tenant's jobs, newest first. Looks at ``query.scan`` jobs at most. Read only."""
    return Call("list", argument(asdict(query)), _LISTED)


def marks(job_ids: Sequence[str]) -> Call[tuple[Mark, ...]]:
    """By what to see whether jobs have changed; unknown ones are left out. Asks for no tenant. Read only."""
    return Call("marks", argument({"job_ids": list(job_ids)}), _MARKS)


def jobs_of(transcription_id: str) -> Call[tuple[LiveJob, ...]]:
    """The jobs that wait on a live run, none once it ended. Read only."""
    return Call("jobs_of", argument({"transcription_id": transcription_id}), _LIVE_JOBS)


def open_runs() -> Call[tuple[str, ...]]:
    """All runs that live, sorted. Read only; a microsecond for each of their open units."""
    return Call("open_runs", argument({}), _RUNS)


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


def take_deliveries(take_id: str, limit: int, lease_ms: int) -> Call[Taken]:
    """Hands out up to ``limit`` deliveries that are due, for as long as ``lease_ms``; the longest due first.

    The same ``take_id`` gets the same ones. What is not noted by the end of the lease is due again.
    """
    return Call("take_deliveries", argument({"take_id": take_id, "limit": limit, "lease_ms": lease_ms}), _TAKEN)


def note_delivery(note: DeliveryNote) -> Call[None]:
    """What became of a delivery that was taken. Nothing when another has taken it since, unless it was delivered."""
    return Call("note_delivery", argument(asdict(note)), _NOTHING)


def pending_deliveries(job_id: str, tenant: str) -> Call[tuple[PendingDelivery, ...]]:
    """What a job's webhook is still to be told; none of a foreign job. Read only."""
    return Call("pending_deliveries", argument({"job_id": job_id, "tenant": tenant}), _PENDING)


def census() -> Call[Census]:
    """All pools, held units, live workers and counters in one read, for whoever looks. Read only."""
    return Call("census", argument({}), _CENSUS)


def recount(pool: str) -> Call[Recounted]:
    """Rebuilds a pool's counters from its queues; takes as long as the backlog, for the daily round."""
    return Call("recount", argument({"pool": pool}), _RECOUNTED)


def recount_use() -> Call[UseRecounted]:
    """Counts anew what every tenant has open, reserved and stored.

    Takes as long as the backlog and the recordings in the store, for the daily round.
    """
    return Call("recount_use", argument({}), _USE_RECOUNTED)


def usage(tenant: str | None = None) -> Call[LedgerDays]:
    """What those days have counted that were not dropped yet, of one tenant or of all. Read only."""
    return Call("usage", argument({"tenant": tenant}), _LEDGER_DAYS)


def drop_days(day_numbers: Sequence[int]) -> Call[None]:
    """Forgets what days counted that are over; today is kept whatever is asked."""
    return Call("drop_days", argument({"days": [str(number) for number in day_numbers]}), _NOTHING)


def read_epoch() -> Call[str | None]:
    """The ledger's epoch; None when the ledger is new or lost. Read only."""
    return Call("read_epoch", argument({}), _EPOCH)


def life() -> Call[Life]:
    """The ledger's epoch, and the one of a rebuild under way. Read only."""
    return Call("life", argument({}), _LIFE)


def redis_run() -> Call[RedisRun]:
    """Whether Redis was started anew, or taken over from, since the ledger was known to be whole. Read only."""
    return Call("redis_run", argument({}), _REDIS_RUN)


def note_redis_run(run_id: str) -> Call[None]:
    """The ledger is whole in this life of Redis; nothing when another one has begun meanwhile."""
    return Call("note_redis_run", argument({"run_id": run_id}), _NOTHING)


def begin_restoring(epoch: str) -> Call[str]:
    """A rebuild begins, or goes on: answers the epoch that it brings, which is that of the first who began.

    Until ``end_restoring`` an unknown job is "not restored yet".
    """
    return Call("begin_restoring", argument({"epoch": epoch}), _EPOCH_IN_FORCE)


def open_restored(epoch: str) -> Call[str | None]:
    """All that is to run is restored: the rebuild's epoch comes into force, and submissions are taken again.

    Not when Redis was lost once more since that rebuild began. Answers the epoch in force.
    """
    return Call("open_restored", argument({"epoch": epoch}), _EPOCH)


def end_restoring(epoch: str) -> Call[None]:
    """The rebuild of this epoch is complete: every job is back."""
    return Call("end_restoring", argument({"epoch": epoch}), _NOTHING)


def set_epoch(epoch: str) -> Call[str]:
    """Gives a ledger without an epoch this one; answers the epoch in force, an older one if there is."""
    return Call("set_epoch", argument({"epoch": epoch}), _EPOCH_IN_FORCE)


def _intake(submission: Submission) -> str:
    return argument(_submission_values(submission))


def _submission_values(submission: Submission) -> dict[str, object]:
    return asdict(submission) | {
        "name": shown_text(submission.name, MAX_NAME_BYTES),
        "estimated_s": round(submission.estimated_s, 3),
    }


def _ending_values(ending: RestoredEnding) -> dict[str, object]:
    detail = shown_text(ending.detail, MAX_DETAIL_BYTES) if ending.detail else None
    return {name: value for name, value in (asdict(ending) | {"detail": detail}).items() if value is not None}
