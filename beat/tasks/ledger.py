"""Tasks that keep the ledger in order. Each may run twice at once and as often as anybody likes."""

from beat.app import app
from beat.house import house
from stenopool.ledger import operations as op
from stenopool.media.endings import write_endings
from stenopool.queueing.names import PREPARE, recognise_pool
from stenopool.rebuild import rebuild_if_lost
from stenopool.reconcile import reconcile_if_changed


@app.task(name="ledger.sweep")  # type: ignore[untyped-decorator]  # Celery ships no types.
def sweep() -> str:
    """Puts back what expired and finds missing bells; the script itself answers at once when it ran a moment ago."""
    swept = house().ledger.do(op.sweep(house().timing))
    write_endings(house().store, swept.failed_runs)
    if swept.ledger_lost:
        return "the ledger has no epoch"
    return f"{swept.expired} leases expired, {swept.delayed_due} delays over" if swept.ran else "swept a moment ago"


@app.task(name="ledger.rebuild")  # type: ignore[untyped-decorator]  # Celery ships no types.
def rebuild() -> str:
    """Rebuilds a lost ledger from the store, or makes good what a restarted one lost; else two round trips to Redis."""
    rebuilt = rebuild_if_lost(house().client, house().ledger, house().store)
    if rebuilt is not None:
        return f"{rebuilt.restored} jobs restored, {rebuilt.unreadable} manifests unreadable"
    reconciled = reconcile_if_changed(house().client, house().ledger, house().store)
    if reconciled is None:
        return "nothing to do"
    return f"{reconciled.restored} jobs restored, {reconciled.brought} brought to their ending"


@app.task(name="ledger.recount")  # type: ignore[untyped-decorator]  # Celery ships no types.
def recount() -> str:
    """Counts anew what waits in each pool of this installation, and what each tenant has in use."""
    settings = house().settings
    pools = (PREPARE, recognise_pool(settings.engine, settings.model_size))
    counted = {pool: house().ledger.do(op.recount(pool)) for pool in pools}
    wrong = house().ledger.do(op.recount_use()).wrong
    waiting = ", ".join(f"{pool}: {found.waiting} waiting" for pool, found in counted.items())
    return f"{waiting}; {wrong} counters of tenants were wrong"
