"""Names of all the ledger's keys in Redis; pure. ``scripts/shared/keys.lua`` is its twin, a test compares the two.

Every key begins with ``steno:``. Bells lie under ``stenopool.queueing.names.BELL_PREFIX``: they are Celery's.
"""

from typing import Final

PREFIX: Final = "steno:"
"""Begins every key."""

EPOCH: Final = "steno:epoch"
"""Life of this ledger; the store holds the same."""
RESTORING: Final = "steno:restoring"
"""The epoch of a rebuild that has not restored every job yet."""
REBUILD_LOCK: Final = "steno:rebuild"
"""Lock of the one process that rebuilds."""
REDIS_RUN: Final = "steno:run_id"
"""Redis' own run id under which the ledger is known to be whole."""
TICK: Final = "steno:tick"
"""Time of the last sweep."""
CLAIMS: Final = "steno:claims"
"""Hash: claim -> claim record."""
LEASES: Final = "steno:leases"
"""Sorted set: claim -> expiry."""
DELAYED: Final = "steno:delayed"
"""Sorted set: ``run/unit`` -> not before."""
IDENTITIES: Final = "steno:identities"
"""Hash: short name of an engine identity -> the identity; runs hold the short name."""
POOLS: Final = "steno:pools"
"""Set of all pools ever seen."""
DRAINED: Final = "steno:drained"
"""Set of workers that are to claim nothing; ``*`` is all of them."""
COUNTS: Final = "steno:count"
"""Hash: what was counted since the ledger began (``stenopool/ledger/counts.py``)."""
EVENT_CLOCK: Final = "steno:events"
"""Hash: number of the ``last`` event, and of the ``first`` of this ledger."""
USE: Final = "steno:use"
"""Hash: ``<counter>:<tenant>`` -> what the tenant has open, reserved and stored now (``scripts/shared/quotas.lua``)."""
MEDIA: Final = "steno:media"
"""Hash: key of media in the store -> ``<bytes>,<runs with jobs that name them>,<tenant>``."""
DAYS: Final = "steno:days"
"""Set: days of which something was counted, until the housekeeper has put them into the store."""
DUE: Final = "steno:due"
"""Sorted set: what will go (``scripts/shared/retention.lua``) -> when."""
OUTBOX: Final = "steno:outbox"
"""Sorted set: delivery -> next try."""


def job(job_id: str) -> str:
    """Hash: the job's record."""
    return f"{PREFIX}job:{job_id}"


def run(transcription_id: str) -> str:
    """Hash: the record of a transcription."""
    return f"{PREFIX}tr:{transcription_id}"


def run_jobs(transcription_id: str) -> str:
    """Set: further live jobs of a run; absent while there is one."""
    return f"{run(transcription_id)}:jobs"


def run_units(transcription_id: str) -> str:
    """Hash: unit -> unit record, until the run ends."""
    return f"{run(transcription_id)}:units"


def run_waiting(transcription_id: str) -> str:
    """Sorted set: waiting unit -> order."""
    return f"{run(transcription_id)}:wait"


def run_options(transcription_id: str) -> str:
    """String: effective options, canonical JSON, until the run ends."""
    return f"{run(transcription_id)}:options"


def lanes(pool: str) -> str:
    """Sorted set: lane with waiting runs -> order of its first."""
    return f"{PREFIX}q:{pool}"


def tenants(pool: str, lane: str) -> str:
    """Sorted set: tenant with waiting runs in the lane -> order of its first."""
    return f"{PREFIX}q:{pool}:{lane}"


def queue(pool: str, lane: str, tenant: str) -> str:
    """Sorted set: waiting run -> order of its first waiting unit."""
    return f"{PREFIX}q:{pool}:{lane}:{tenant}"


def virtual_times(pool: str, lane: str) -> str:
    """Hash: virtual times of idle tenants."""
    return f"{PREFIX}vt:{pool}:{lane}"


def open_units(pool: str) -> str:
    """Sorted set: ``run/unit`` waiting or leased -> cost in seconds."""
    return f"{PREFIX}open:{pool}"


def sums(pool: str) -> str:
    """Hash: ``waiting_n`` and ``waiting_ms.<lane>`` (milliseconds of audio)."""
    return f"{PREFIX}sum:{pool}"


def digest_bucket(digest: str) -> str:
    """Hash: rest of the digest -> run. 4,096 buckets cost less than a key per digest."""
    return f"{PREFIX}dg:{digest[:3]}"


def digest_field(digest: str) -> str:
    """The rest of a digest, its field in the bucket."""
    return digest[3:]


def left(digest: str) -> str:
    """String: the last run of a digest that ended badly and left work behind, for as long as that is kept."""
    return f"{PREFIX}left:{digest}"


def idempotency(tenant: str, key_hash: str) -> str:
    """String: job and request hash, for a day."""
    return f"{PREFIX}idem:{tenant}:{key_hash}"


def tenant_jobs(tenant: str) -> str:
    """Sorted set: job -> created."""
    return f"{PREFIX}tenant:{tenant}:jobs"


def tenant_external(tenant: str, external_hash: str) -> str:
    """Sorted set: those of a tenant's jobs that have the same external id -> created."""
    return f"{PREFIX}tenant:{tenant}:ext:{external_hash}"


def delivery(delivery_id: str) -> str:
    """Hash: an event on its way to a webhook."""
    return f"{PREFIX}outbox:{delivery_id}"


def taken_deliveries(take_id: str) -> str:
    """String: the deliveries that a take got, as long as its lease, so that the same take gets them again."""
    return f"{PREFIX}outbox:take:{take_id}"


def day(day: str) -> str:
    """Hash: ``<counter>:<tenant>`` -> what a day (UTC, its number since 1970) has counted."""
    return f"{PREFIX}day:{day}"


def deleted(job_id: str) -> str:
    """String: the tenant of a job that its client deleted, for two days, so that a repeated call is known as one."""
    return f"{PREFIX}deleted:{job_id}"


def spent(claim_id: str) -> str:
    """String: the operation that ended a claim, for six hours, so that a repeated call is known as one."""
    return f"{PREFIX}spent:{claim_id}"


def worker(worker_id: str) -> str:
    """Hash with a time to live: a worker's heartbeat."""
    return f"{PREFIX}worker:{worker_id}"


def pool_workers(pool: str) -> str:
    """Sorted set: worker -> time at which its heartbeat runs out."""
    return f"{PREFIX}workers:{pool}"


def pool_register(pool: str) -> str:
    """Hash: the engine identity last served by the pool, and how long recognising how much took; stays."""
    return f"{PREFIX}pool:{pool}"


def events(transcription_id: str) -> str:
    """Stream: the text of a run as it is recognised, until an hour after its end."""
    return f"{PREFIX}ev:{transcription_id}"


def event_jobs(transcription_id: str) -> str:
    """Set: the jobs that a run's text was for, for the hour after its end."""
    return f"{events(transcription_id)}:jobs"


def run_told(transcription_id: str) -> str:
    """Hash: unit -> how much of its text was told, by which claim; until the run ends."""
    return f"{run(transcription_id)}:told"


def tenant_events(tenant: str) -> str:
    """Stream: changes of a tenant's jobs, the last thousand, until an hour after the last."""
    return f"{PREFIX}tenant:{tenant}:ev"


def tenant_told(tenant: str) -> str:
    """Sorted set: those of a tenant's runs that told text within the last hour -> number of the last entry."""
    return f"{PREFIX}tenant:{tenant}:told"
