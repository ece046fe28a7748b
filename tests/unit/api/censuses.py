"""Censuses for tests: a platform in good order, and what may be different."""

from typing import Any

from stenopool.ledger.census import Census, PoolCensus, WorkerSeen
from tests.unit.api.fake_ledger import IDENTITY

POOL = "recognise.faster-whisper.demo"


def pool(**changes: Any) -> PoolCensus:
    """A pool with one live worker and nothing waiting."""
    values: dict[str, Any] = {
        "identity": None,
        "live_workers": 1,
        "waiting": 0,
        "waiting_runs": 0,
        "waiting_s": 0.0,
        "oldest_s": 0.0,
        "open": 0,
    }
    return PoolCensus(**(values | changes))


def worker(**changes: Any) -> WorkerSeen:
    """A recognise worker that has nothing to do."""
    values: dict[str, Any] = {
        "pools": POOL,
        "identity": IDENTITY.canonical(),
        "device": "cpu",
        "host": "desk",
        "pid": 1,
        "state": "idle",
        "seen_ms": 1_790_000_000_000,
    }
    return WorkerSeen(**(values | changes))


def census(**changes: Any) -> Census:
    """All is well."""
    values: dict[str, Any] = {
        "epoch": "e1",
        "pools": {"prepare": pool(), POOL: pool(identity=IDENTITY.canonical()), "house": pool()},
        "held": {},
        "delayed": 0,
        "workers": {"desk:1:a": worker()},
        "counts": {},
        "redis_bytes": 1_000_000,
        "redis_most_bytes": 0,
    }
    return Census(**(values | changes))
