"""Usage by day in the store: what each tenant had done, kept for good; the ledger counts, the housekeeper brings it here.

One object for a day and a life of the ledger (its epoch): a ledger that was lost and rebuilt begins to count from
nought, so a day's usage is the sum over its lives. Within a life counters only grow. So whatever is written twice, by
two at once or late, the larger number is the right one; and once a day is over its object is written for the last
time, under a name that is written only once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import astuple
from datetime import date
from typing import Final

from pydantic import TypeAdapter, ValidationError

from stenopool.ledger import operations as op
from stenopool.ledger.ledger import Ledger
from stenopool.ledger.quotas import DayCounts, LedgerDays, day_number
from stenopool.logs import get_logger
from stenopool.media.epoch import read_epoch
from stenopool.media.store import Store

Tenants = Mapping[str, DayCounts]
"""What each tenant had done."""

_FINAL: Final = "final"
_TENANTS: Final = TypeAdapter(dict[str, DayCounts])
_NOTHING: Final = DayCounts()

_log = get_logger(__name__)


def roll_up(ledger: Ledger, store: Store) -> tuple[int, int]:
    """Brings what the ledger has counted into the store; answers how many days it wrote, and how many are final now.

    May be called at any time and by several at once. The ledger forgets a day only after the store holds it for good.

    Raises:
        TransientError: ``ledger_unavailable``, ``store_unavailable`` or ``disk_full``: call again.
    """
    counted = ledger.do(op.usage())
    if counted.epoch is None or counted.epoch != read_epoch(store):
        # Lost, being rebuilt, or another installation's: what it counts is nothing of this store's yet.
        return 0, 0
    written, final = 0, []
    for day, tenants in counted.by_tenant().items():
        is_over = day_number(day) < counted.today
        written += _keep(store, day, counted.epoch, tenants, is_over=is_over)
        if is_over:
            final.append(day_number(day))
    if final:
        ledger.do(op.drop_days(final))
    return written, len(final)


def stored_usage(store: Store, day: date) -> dict[str, Tenants]:
    """What the store holds of a day, by life of the ledger.

    Raises:
        TransientError: ``store_unavailable``.
    """
    found: dict[str, Tenants] = {}
    for key in sorted(store.keys(f"{_folder(day)}/")):
        epoch, _, ending = key.rpartition("/")[2].partition(".")
        is_final = ending == f"{_FINAL}.json"
        if epoch not in found or is_final:
            tenants = _read(store, key)
            if tenants is not None:
                found[epoch] = tenants
    return found


def usage_of(tenant: str, day: date, stored: Mapping[str, Tenants], counted: LedgerDays) -> DayCounts:
    """A tenant's usage on a day: what the store holds of it, and what the ledger has counted since. Pure.

    ``counted`` is to be read before ``stored``: a day that leaves the one is in the other already.
    """
    lives = {epoch: tenants.get(tenant, _NOTHING) for epoch, tenants in stored.items()}
    if counted.epoch is not None:
        own = counted.by_tenant().get(day, {}).get(tenant, _NOTHING)
        lives[counted.epoch] = _larger(lives.get(counted.epoch, _NOTHING), own)
    return total(lives.values())


def total(parts: Iterable[DayCounts]) -> DayCounts:
    """The sum. Pure."""
    return DayCounts(*map(sum, zip(astuple(_NOTHING), *map(astuple, parts), strict=True)))


def _keep(store: Store, day: date, epoch: str, tenants: Tenants, *, is_over: bool) -> bool:
    key, final_key = f"{_folder(day)}/{epoch}.json", f"{_folder(day)}/{epoch}.{_FINAL}.json"
    before = _read(store, key) or {}
    merged = {
        tenant: _larger(before.get(tenant, _NOTHING), tenants.get(tenant, _NOTHING)) for tenant in {*before, *tenants}
    }
    if is_over:
        is_new = store.put(final_key, _TENANTS.dump_json(merged))
        store.delete(key)
        return is_new
    if merged == before:
        return False
    store.replace(key, _TENANTS.dump_json(merged))
    return True


def _larger(one: DayCounts, other: DayCounts) -> DayCounts:
    return DayCounts(*map(max, astuple(one), astuple(other)))


def _read(store: Store, key: str) -> dict[str, DayCounts] | None:
    try:
        return _TENANTS.validate_json(store.get(key))
    except KeyError:
        return None
    except ValidationError:
        _log.error("usage_unreadable", key=key)
        return None


def _folder(day: date) -> str:
    return f"usage/{day.isoformat()}"
