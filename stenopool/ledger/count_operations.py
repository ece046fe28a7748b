"""Operations that count: for whoever looks, for the bill, and anew what counters may have lost. Pure."""

from collections.abc import Sequence
from typing import Final

from pydantic import TypeAdapter

from stenopool.ledger.call import Call, argument
from stenopool.ledger.census import Census
from stenopool.ledger.quotas import LedgerDays, UseRecounted
from stenopool.ledger.views import Recounted

_CENSUS: Final = TypeAdapter(Census).validate_json
_RECOUNTED: Final = TypeAdapter(Recounted).validate_json
_USE_RECOUNTED: Final = TypeAdapter(UseRecounted).validate_json
_LEDGER_DAYS: Final = TypeAdapter(LedgerDays).validate_json
_NOTHING: Final = TypeAdapter(None).validate_json


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
