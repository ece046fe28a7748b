"""What tests of webhooks share: housekeepers that deliver, a look at the log of deliveries."""

import asyncio

import redis

from api.services.lookup import Lookup
from api.services.pools import PoolWatch
from api.services.webhook_log import JobLog, WebhookLog
from beat.webhooks.letters import Desk
from beat.webhooks.postman import MOST_AT_ONCE, Postman
from beat.webhooks.wire import Wire
from stenopool.ledger.ledger import AsyncLedger
from stenopool.redis_pools import async_redis_client
from tests.integration.rebuild.office import OPENINGS, TENANT, Awaited, Office

PUBLIC_URL = "https://api.example"


class Round:
    """Housekeepers that go through the outbox once, all at the same time."""

    def __init__(self, office: Office, redis_url: str) -> None:
        self._office = office
        self._url = redis_url

    def __call__(self, housekeepers: int = 1) -> None:
        asyncio.run(self._go(housekeepers))

    async def _go(self, housekeepers: int) -> None:
        await asyncio.gather(*(self._deliver() for _ in range(housekeepers)))

    async def _deliver(self) -> None:
        client = async_redis_client(self._url)
        wire = Wire(OPENINGS, MOST_AT_ONCE)
        ledger = AsyncLedger(client, ring_nothing)
        postman = Postman(ledger, self._office.store, Desk(self._office.store, PUBLIC_URL), wire)
        try:
            while await postman.take():
                await postman.idle()
        finally:
            await wire.close()
            await client.aclose()


async def ring_nothing(_bells: object) -> None:
    """Deliveries make no work."""


def make_due(client: redis.Redis) -> None:
    """Lets all pauses and leases end."""
    for name in client.zrange("steno:outbox", 0, -1):
        client.zadd("steno:outbox", {str(name): 0})


def log_of(office: Office, job_id: str) -> JobLog:
    ledger = Awaited(office.ledger)
    return asyncio.run(
        WebhookLog(ledger, office.store, Lookup(ledger, office.store, PoolWatch(ledger))).of(job_id, TENANT)
    )
