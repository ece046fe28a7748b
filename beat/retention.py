"""A round of retention: what the ledger says is overdue goes from the store, then from the ledger.

Two rounds at once do no harm, nor does one that is broken off anywhere: each step may be repeated, and what is left is
overdue still.
"""

import time
from datetime import date
from typing import Final

from stenopool.errors import StenopoolError
from stenopool.failpoints import Failpoint, fail_at
from stenopool.ledger import removal
from stenopool.ledger.ledger import Ledger
from stenopool.ledger.model import Doomed, ExpireOutcome
from stenopool.logs import get_logger
from stenopool.media.removal import is_of_ledger, remove_body, remove_manifest
from stenopool.media.store import Store

BATCH: Final = 200
"""Things that are looked at in one call: a third of a second's work."""
ROUND_S: Final = 20.0
"""A round ends after this long; the next one goes on. The housekeeper has other things to do."""

_log = get_logger(__name__)


def let_overdue_go(ledger: Ledger, store: Store, limit_s: float = ROUND_S) -> int:
    """Removes what is overdue, until nothing is or the time is over; answers how much the ledger dropped.

    Two round trips and a few file operations for each thing; one round trip when nothing is overdue.

    Raises:
        TransientError: ``ledger_unavailable``; trouble of the store leaves only what it concerns.
    """
    until, dropped = time.monotonic() + limit_s, 0
    while time.monotonic() < until:
        overdue = ledger.do(removal.overdue(BATCH))
        if not overdue.members:
            break
        if not is_of_ledger(store, overdue.epoch):
            _log.warning("retention_refused", reason="the store is not the one of this ledger")
            break
        gone = sum(_let_go(ledger, store, member) for member in overdue.members)
        dropped += gone
        if not gone:
            # The store refuses to give up the oldest ones; the next round tries again.
            break
    if dropped:
        _log.info("retention_done", dropped=dropped)
    return dropped


def delete_job(ledger: Ledger, store: Store, job_id: str, doomed: Doomed) -> int:
    """Finishes the deletion of a job that the ledger has marked: its manifest, its bodies, its record."""
    if doomed.manifest_day is not None:
        remove_manifest(store, date.fromisoformat(doomed.manifest_day), job_id)
        fail_at(Failpoint.DELETION_AFTER_MANIFEST, "house")
    return _drop(ledger, store, doomed.members, f"job/{job_id}")


def _let_go(ledger: Ledger, store: Store, member: str) -> int:
    kind, _, name = member.partition("/")
    try:
        if kind != "job":
            return _drop(ledger, store, (member,))
        expired = ledger.do(removal.expire(name))
        if expired.outcome is ExpireOutcome.DELETING:
            return delete_job(ledger, store, name, expired)
        # A step forward, too: its next moment is another.
        is_step = expired.outcome is ExpireOutcome.EXPIRED
        return is_step + _drop(ledger, store, expired.members)
    except StenopoolError as error:
        _log.warning("not_removed", kind=kind, code=str(error.code))
        return 0


def _drop(ledger: Ledger, store: Store, bodies: tuple[str, ...], *others: str) -> int:
    for body in bodies:
        remove_body(store, body)
    fail_at(Failpoint.DELETION_AFTER_BODIES, "house")
    members = [*bodies, *others]
    return ledger.do(removal.purge(members)).dropped if members else 0
