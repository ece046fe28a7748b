"""Tasks that clear the store: what is overdue, and what is nobody's. Each may run twice at once."""

from beat.app import app
from beat.house import house
from beat.orphans import find_orphans
from beat.retention import let_overdue_go


@app.task(name="store.retain")  # type: ignore[untyped-decorator]  # Celery ships no types.
def retain() -> str:
    """Removes what is kept no longer; one round trip to Redis when there is nothing."""
    return f"{let_overdue_go(house().ledger, house().store)} gone"


@app.task(name="store.find_orphans")  # type: ignore[untyped-decorator]  # Celery ships no types.
def orphans() -> str:
    """Settles what stands in the store or in the ledger alone."""
    found = find_orphans(house().ledger, house().store)
    return f"{found.objects} objects, {found.records} records, {found.manifests} manifests, {found.restored} restored"
