"""Links to media: made for whoever may read the job, good for a while for whoever holds them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import anyio.to_thread

from stenopool.clock import utc_now
from stenopool.errors import ErrorCode, UsageError
from stenopool.keys.link_secret import known_link_secret, link_secret
from stenopool.keys.links import MediaLink, read, sign
from stenopool.media.store import Store


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link just made."""

    token: str
    expires_at: datetime


class MediaLinks:
    """Makes links and reads them. A link says nothing of whether the job or its media are still there."""

    def __init__(self, store: Store, lifetime: timedelta, clock: Callable[[], datetime] = utc_now) -> None:
        self._store = store
        self._lifetime = lifetime
        self._clock = clock
        self._secret: bytes | None = None

    async def make(self, job_id: str, tenant: str) -> NewLink:
        """A link to the media of a job. Raises ``TransientError``: ``store_unavailable`` or ``disk_full``."""
        if self._secret is None:
            self._secret = await anyio.to_thread.run_sync(link_secret, self._store)
        expires_at = (self._clock() + self._lifetime).replace(microsecond=0)
        return NewLink(sign(self._secret, MediaLink(job_id, tenant, expires_at)), expires_at)

    async def read(self, token: str) -> MediaLink:
        """What a link opens now.

        Raises:
            UsageError: ``not_found`` for what is no link of this installation; ``link_expired``: whoever holds a good
                one may know this much.
            TransientError: ``store_unavailable``.
        """
        if self._secret is None:
            self._secret = await anyio.to_thread.run_sync(known_link_secret, self._store)
        link = read(self._secret, token) if self._secret else None
        if link is None:
            raise UsageError(ErrorCode.NOT_FOUND, "there is nothing at this address", "GET /docs lists what there is")
        if link.expires_at <= self._clock():
            raise UsageError(
                ErrorCode.LINK_EXPIRED, "the link has expired", "ask for another: POST /jobs/{id}/media-link"
            )
        return link
