"""The whole content of Redis that a state of the pure model stands for, key by key."""

import hashlib
from collections.abc import Iterable
from dataclasses import fields
from typing import Final

from stenopool.ledger import codec, keys, lifecycle
from stenopool.ledger.events import ChangeEntry
from stenopool.ledger.model import RunState, UnitState
from tests.unit.ledger.ledger_model import LedgerModel
from tests.unit.ledger.model_records import Claim, Job, Run, Unit

_CHANGE_FIELDS: Final = tuple(field.name for field in fields(ChangeEntry) if field.name != "number")

Content = dict[str, object]
"""Key -> text, hash, set, sorted set (members with their scores) or stream (ids with their fields)."""


def expected_content(model: LedgerModel) -> Content:
    """What Redis holds, bells and what is empty left out."""
    content: Content = {
        keys.CLAIMS: {claim.id: _claim(claim) for claim in model.claims.values()},
        keys.LEASES: {claim.id: float(claim.expiry) for claim in model.claims.values() if claim.expiry is not None},
        keys.DELAYED: {
            f"{run.id}/{unit.id}": float(unit.not_before) for run, unit in _units(model) if unit.not_before is not None
        },
        keys.IDENTITIES: {_short(identity): identity for identity in model.identities},
        keys.POOLS: set(model.pools),
        keys.DRAINED: set(model.drained),
        keys.USE: {name: str(number) for name, number in model.in_use().items()},
        keys.MEDIA: {
            key: f"{size_bytes},{' '.join(run.id for run in model.naming(key))},{tenant}"
            for key, (size_bytes, tenant) in model.media.items()
        },
        keys.DAYS: {str(day) for day, counts in model.days.items() if any(counts.values())},
        keys.DUE: dict(model.due),
    }
    if model.first_event is not None:
        content[keys.EVENT_CLOCK] = {"first": str(model.first_event), "last": str(model.last_event)}
    if model.epoch is not None:
        content[keys.EPOCH] = model.epoch
    if model.restoring is not None:
        content[keys.RESTORING] = model.restoring
    if model.tick is not None:
        content[keys.TICK] = str(model.tick)
    for part in (_jobs(model), _outbox(model), _runs(model), _queues(model), _workers(model), _events(model)):
        content |= part
    for take_id, names in model.takes.items():
        content[keys.taken_deliveries(take_id)] = " ".join(names)
    for day, counts in model.days.items():
        content[keys.day(str(day))] = {name: str(number) for name, number in counts.items() if number}
    for job_id, tenant in model.deleted.items():
        content[keys.deleted(job_id)] = tenant
    content |= {keys.left(digest): run_id for digest, run_id in model.left.items()}
    content |= {keys.spent(claim_id): operation for claim_id, operation in model.spent.items()}
    return {key: value for key, value in content.items() if value}


def _jobs(model: LedgerModel) -> Content:
    content: Content = {}
    for tenant in {job.tenant for job in model.jobs.values()}:
        own = {
            name: float(job.created) for name, job in model.jobs.items() if job.tenant == tenant and model.there(name)
        }
        content[keys.tenant_jobs(tenant)] = own
    for name, job in model.jobs.items():
        content[keys.job(name)] = _job(job)
        if job.external_hash is not None and model.there(name):
            named = content.setdefault(keys.tenant_external(job.tenant, job.external_hash), {})
            assert isinstance(named, dict)
            named[name] = float(job.created)
    for (tenant, key_hash), (job_id, request_hash) in model.requests.items():
        content[keys.idempotency(tenant, key_hash)] = f"{job_id},{request_hash}"
    return content


def _outbox(model: LedgerModel) -> Content:
    content: Content = {keys.OUTBOX: {name: float(delivery.due) for name, delivery in model.outbox.items()}}
    for name, delivery in model.outbox.items():
        record = {
            "job": delivery.job,
            "run": str(delivery.run_number),
            "event": str(delivery.event),
            "at": str(delivery.at),
            "taken": delivery.taken,
            "attempts": ";".join(f"{tried.at_ms},{tried.status or ''},{tried.reason}" for tried in delivery.attempts),
        }
        content[keys.delivery(name)] = {field: text for field, text in record.items() if text}
    return content


def _job(job: Job) -> dict[str, str]:
    record = {
        "tenant": job.tenant,
        "tr": job.run,
        "run": job.runs,
        "name": job.name,
        "created": job.created,
        "keep": job.keep.result_ms,
        "v": 1,
        "hit": 1 if job.is_hit else None,
        "hook": 1 if job.has_hook else None,
        "retry": job.retry,
        "ext": job.external_hash,
        "cancelled": job.cancelled,
        "expired": job.expired,
        "deleting": job.deleting,
    }
    return {name: str(value) for name, value in record.items() if value is not None}


def _runs(model: LedgerModel) -> Content:
    content: Content = {}
    for run in model.runs.values():
        own = [job for job in model.jobs.values() if job.run == run.id and job.deleting is None]
        readers = [job for job in own if job.reads]
        content[keys.run(run.id)] = _run(run) | {"jobs": str(len(own)), "readers": str(len(readers))}
        content[keys.run_jobs(run.id)] = set(run.further_jobs)
        content[keys.run_units(run.id)] = {unit.id: _unit(unit) for unit in run.units.values()}
        if run.is_live:
            content[keys.run_options(run.id)] = run.options
    for digest, run_id in model.index.items():
        bucket = content.setdefault(keys.digest_bucket(digest), {})
        assert isinstance(bucket, dict)
        bucket[keys.digest_field(digest)] = run_id
    return content


def _run(run: Run) -> dict[str, str]:
    record: dict[str, object] = {
        "state": run.state,
        "digest": run.digest,
        "identity": _short(run.identity),
        "pool": run.pool,
        "tenant": run.tenant,
        "lane": run.lane,
        "media": run.media,
        "work": run.work,
        "units": run.spans if run.is_live else None,
        "done": run.done if run.is_live else None,
        "done_ms": run.done_ms,
        "attempt": run.attempt,
        "first_job": run.first_job if run.is_live else None,
        "rev": run.rev,
        "created": run.created,
        "begun": run.begun,
        "former": run.former,
        "most_audio_ms": run.most_audio_ms or None,
        "request": run.request,
        "v": 1,
        "stage": run.stage or None,
        "plan": None if run.state is RunState.COMPLETED else run.plan,
        "audio_s": None if run.audio_s is None else f"{run.audio_s:.17g}",
        "language": run.language,
        "started": run.started,
        "ended": run.ended,
        "reason": run.reason,
        "detail": run.detail,
        "transcript": run.transcript,
        "keep_media": run.keep.media_ms if run.keep else None,
        "keep_failed": run.keep.failed_media_ms if run.keep else None,
    }
    return {name: str(value) for name, value in record.items() if value is not None}


def _unit(unit: Unit) -> str:
    return codec.pack_unit(
        codec.UnitRecord(
            kind=unit.kind,
            state=unit.state,
            cost_s=unit.cost_s,
            from_sample=unit.from_sample,
            to_sample=unit.to_sample,
            attempt=unit.attempt,
            claims=unit.claims,
            claim=unit.claim,
            last_worker=unit.last_worker,
            order_ms=unit.order,
            delayed_ms=unit.delayed_ms,
        )
    )


def _claim(claim: Claim) -> str:
    record = codec.ClaimRecord(
        claim.run.id, claim.unit.id, claim.worker, claim.started, claim.rearmed, deadline_ms=0, done_ms=claim.done_ms
    )
    return codec.pack_claim(record)


def _queues(model: LedgerModel) -> Content:
    content: Content = {}
    for pool in model.pools:
        waiting = model.waiting(pool)
        for run, unit in waiting:
            for key, member in (
                (keys.lanes(pool), run.lane),
                (keys.tenants(pool, run.lane), run.tenant),
                (keys.queue(pool, run.lane, run.tenant), run.id),
                (keys.run_waiting(run.id), unit.id),
            ):
                places = content.setdefault(key, {})
                assert isinstance(places, dict)
                places[str(member)] = min(float(unit.order), places.get(str(member), float("inf")))
        content[keys.open_units(pool)] = {
            f"{run.id}/{unit.id}": unit.cost_s
            for run, unit in _units(model)
            if lifecycle.pool_of(unit.kind, run.pool) == pool and unit.state in (UnitState.WAITING, UnitState.LEASED)
        }
        content[keys.sums(pool)] = _sums(waiting, model.prepared_ms(pool))
    return content


def _sums(waiting: Iterable[tuple[Run, Unit]], prepared_ms: int) -> dict[str, str]:
    """Counters, those at nought left out: whether they were ever more is no part of the state."""
    sums: dict[str, int] = {"prepared_ms": prepared_ms}
    for run, unit in waiting:
        for field, amount in (("waiting_n", 1), (f"waiting_ms.{run.lane}", unit.cost_ms)):
            sums[field] = sums.get(field, 0) + amount
    return {field: str(amount) for field, amount in sums.items() if amount}


def _workers(model: LedgerModel) -> Content:
    content: Content = {}
    for pool, alive in model.alive_until.items():
        content[keys.pool_workers(pool)] = {name: float(until) for name, until in alive.items()}
    for pool, identity in model.registered.items():
        content[keys.pool_register(pool)] = {"identity": identity}
    for pool, (heard_ms, took_ms) in model.speeds.items():
        register = content.setdefault(keys.pool_register(pool), {})
        assert isinstance(register, dict)
        register |= {"heard_ms": str(heard_ms), "took_ms": str(took_ms)}
    for name, pulse in model.pulses.items():
        content[keys.worker(name)] = {
            "pools": ",".join(pulse.pools),
            "identity": pulse.identity,
            "host": pulse.host,
            "pid": str(pulse.pid),
            "state": pulse.state,
            "seen": str(model.seen[name]),
        }
    return content


def _events(model: LedgerModel) -> Content:
    content: Content = {}
    for tenant, changes in model.changes.items():
        content[keys.tenant_events(tenant)] = [
            (f"{change.number}-0", {name: str(getattr(change, name)) for name in _CHANGE_FIELDS}) for change in changes
        ]
    for tenant, told in model.told_runs.items():
        content[keys.tenant_told(tenant)] = {run: float(number) for run, number in told.items()}
    for run in model.runs.values():
        content[keys.events(run.id)] = [
            (f"{entry.number}-0", {"kind": entry.kind, "unit": entry.unit, "body": entry.body}) for entry in run.text
        ]
        content[keys.event_jobs(run.id)] = set(run.text_jobs)
        content[keys.run_told(run.id)] = {
            unit: f"{claim},{count},{int(is_whole)}" for unit, (claim, count, is_whole) in run.told.items()
        }
    return content


def _units(model: LedgerModel) -> list[tuple[Run, Unit]]:
    return [(run, unit) for run in model.runs.values() for unit in run.units.values()]


def _short(identity: str) -> str:
    return hashlib.sha1(identity.encode(), usedforsecurity=False).hexdigest()[:16]
