"""Who works, and what waits: as the ledger sees it."""

from typing import Final

from stenopool.doctor.finding import Finding, ok, warn
from stenopool.errors import StenopoolError
from stenopool.ledger import operations as op
from stenopool.ledger.census import Census
from stenopool.ledger.ledger import Ledger
from stenopool.queueing.names import HOUSE, PREPARE, recognise_pool
from stenopool.settings import Settings

OLD_S: Final = 3600.0
"""Work that waits longer than this is worth a look."""


def look_at_work(settings: Settings, ledger: Ledger) -> list[Finding]:
    """Live workers of each kind, and the queue. One round trip."""
    try:
        census = ledger.do(op.census())
    except StenopoolError as error:
        return [warn("workers", f"who works is not known: {error.message}", "see redis above")]
    pools = {
        "prepare": PREPARE,
        "recognise": recognise_pool(settings.engine, settings.model_size),
        "house": HOUSE,
    }
    return [_workers(census, pools), _queue(census)]


def _workers(census: Census, pools: dict[str, str]) -> Finding:
    live = {name: census.pools[pool].live_workers if pool in census.pools else 0 for name, pool in pools.items()}
    if not any(live.values()):
        return ok("workers", "nothing runs yet")
    missing = [name for name, number in live.items() if not number]
    if missing:
        return warn("workers", f"no live worker: {', '.join(missing)}", "look at its log; its settings must be these")
    drained = [name for name, pool in pools.items() if pool != HOUSE and census.pools[pool].drained == live[name]]
    if drained:
        return warn("workers", f"all workers are drained: {', '.join(drained)}", "stenopool drain --all --off")
    return ok("workers", ", ".join(f"{number} {name}" for name, number in live.items()))


def _queue(census: Census) -> Finding:
    waiting = sum(pool.waiting for pool in census.pools.values())
    oldest_s = max((pool.oldest_s for pool in census.pools.values()), default=0.0)
    line = f"{waiting} pieces of work wait, the oldest for {oldest_s / 60:.0f} min"
    if oldest_s > OLD_S:
        return warn("queue", line, "more workers, or see who holds the work: GET /stats")
    return ok("queue", line if waiting else "nothing waits")
