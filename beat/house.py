"""What the housekeeper works with: settings, Redis, ledger and store, made with the first task of its process."""

from dataclasses import dataclass
from functools import lru_cache

import redis

from stenopool.ledger.ledger import Ledger
from stenopool.ledger.model import Timing, timing_of
from stenopool.media.local_store import LocalStore
from stenopool.media.store import Store
from stenopool.queueing.bell import Bell
from stenopool.redis_pools import redis_client
from stenopool.settings import Settings, process_settings


@dataclass(frozen=True, slots=True)
class House:
    """The housekeeper's equipment."""

    settings: Settings
    timing: Timing
    client: redis.Redis
    ledger: Ledger
    store: Store


@lru_cache(maxsize=1)
def house() -> House:
    """The equipment of this process."""
    settings = process_settings()
    client = redis_client(settings.redis_address)
    return House(
        settings,
        timing_of(settings.lease_s, settings.beat_s, settings.sweep_s),
        client,
        Ledger(client, Bell(settings).ring),
        LocalStore(settings.data_dir / "store"),
    )
