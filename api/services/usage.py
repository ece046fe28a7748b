"""What a tenant had done, day by day: out of the store and today's ledger."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import anyio.to_thread

from api.services.deadline import AnyLedger
from api.services.refusals import ledger_lost
from stenopool.clock import utc_now
from stenopool.errors import ErrorCode, UsageError
from stenopool.ledger import operations as op
from stenopool.ledger.model import DayCounts, LedgerDays
from stenopool.ledger.quotas import date_of
from stenopool.media.store import Store
from stenopool.usage import stored_usage, total, usage_of

MOST_DAYS: Final = 92
"""A quarter. A day is a small file or two; what all tenants did on it is read for each."""

_USUAL_DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class UsageDay:
    """One day of a tenant."""

    day: date
    counts: DayCounts
    is_final: bool
    """Whether the day is over, so that nothing of it changes any more."""


@dataclass(frozen=True, slots=True)
class UsageReport:
    """Some days of a tenant, oldest first, none left out."""

    tenant: str
    days: tuple[UsageDay, ...]
    total: DayCounts


class UsageShelf:
    """Answers what tenants had done; changes nothing."""

    def __init__(self, ledger: AnyLedger, store: Store) -> None:
        self._ledger = ledger
        self._store = store

    async def report(self, tenant: str, first: date | None, last: date | None) -> UsageReport:
        """The days from ``first`` to ``last``, both included; the last 30 up to today where neither is given.

        Raises:
            UsageError: ``invalid_option``: the days are in the wrong order, or more than 92.
            TransientError: ``ledger_unavailable``, ``ledger_lost``, ``store_unavailable``.
        """
        days = _days(first, last)
        # The ledger first: what leaves it meanwhile is in the store when that is read.
        counted = await self._ledger.do(op.usage(tenant))
        if counted.epoch is None:
            raise ledger_lost()
        return await anyio.to_thread.run_sync(self._report, tenant, days, counted)

    def _report(self, tenant: str, days: list[date], counted: LedgerDays) -> UsageReport:
        today = date_of(counted.today)
        found = tuple(
            UsageDay(day, usage_of(tenant, day, stored_usage(self._store, day), counted), day < today) for day in days
        )
        return UsageReport(tenant, found, total(each.counts for each in found))


def _days(first: date | None, last: date | None) -> list[date]:
    last = last or max(utc_now().date(), first or date.min)
    try:
        first = first or last - timedelta(days=_USUAL_DAYS - 1)
        count = (last - first).days + 1
    except OverflowError:
        first, count = last, 1
    if count < 1:
        raise UsageError(ErrorCode.INVALID_OPTION, "`from` is a later day than `to`", "give the earlier day first")
    if count > MOST_DAYS:
        raise UsageError(
            ErrorCode.INVALID_OPTION, f"{count} days are too many for one answer", f"ask for {MOST_DAYS} days at a time"
        )
    return [first + timedelta(days=offset) for offset in range(count)]
