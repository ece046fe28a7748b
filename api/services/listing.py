"""The list of a tenant's jobs: pages, newest first, and what they may be filtered by."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from api.services.deadline import AnyLedger
from api.services.job_request import require_external_id
from api.services.lookup import JobStatus, Lookup
from api.services.refusals import ledger_lost
from stenopool.clock import to_ms
from stenopool.errors import ErrorCode, UsageError
from stenopool.ledger import operations as op
from stenopool.ledger.codec import external_hash
from stenopool.ledger.model import Cursor, JobQuery, RunState

DEFAULT_LIMIT: Final = 20
MAX_LIMIT: Final = 100

_CURSOR: Final = re.compile(r"([0-9]{1,15})-([0-9a-f]{32})")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """One page as its client asks for it."""

    limit: int = DEFAULT_LIMIT
    after: str | None = None
    """``next`` of the page before."""
    states: Sequence[RunState] = ()
    """None: all."""
    external_id: str | None = None
    created_after: datetime | None = None
    """Aware; this moment or later."""
    created_before: datetime | None = None
    """Aware; before this moment."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some jobs, newest first. It may be short, even empty, and still have a ``next``."""

    jobs: tuple[JobStatus, ...]
    next: str | None


class Listing:
    """Answers which jobs there are; changes nothing."""

    def __init__(self, ledger: AnyLedger, lookup: Lookup) -> None:
        self._ledger = ledger
        self._lookup = lookup

    async def page(self, tenant: str, asked: PageRequest) -> Page:
        """The page. One Redis round trip, now and then a few, and a small file for each job not seen lately.

        Raises:
            UsageError: ``invalid_request`` for a cursor that none of the pages had, ``invalid_option`` for an
                ``external_id`` that no job can have.
            TransientError: ``ledger_unavailable``, or ``ledger_lost`` while not all jobs are known.
        """
        query = JobQuery(
            tenant,
            asked.limit,
            behind=None if asked.after is None else _cursor(asked.after),
            states=tuple(asked.states) or None,
            external_hash=None if asked.external_id is None else external_hash(require_external_id(asked.external_id)),
            since_ms=None if asked.created_after is None else to_ms(asked.created_after),
            before_ms=None if asked.created_before is None else to_ms(asked.created_before),
        )
        listed = await self._ledger.do(op.list_jobs(query))
        if listed.ledger_lost:
            raise ledger_lost()
        jobs = [await self._lookup.shown(job) for job in listed.jobs]
        return Page(tuple(jobs), None if listed.next is None else _text(listed.next))


def _text(cursor: Cursor) -> str:
    return f"{cursor.created_ms}-{cursor.job_id}"


def _cursor(text: str) -> Cursor:
    match = _CURSOR.fullmatch(text)
    if match is None:
        raise UsageError(ErrorCode.INVALID_REQUEST, "after: it is no cursor", "use the `next` of the page before")
    return Cursor(int(match[1]), match[2])
