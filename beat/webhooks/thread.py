"""The postman's thread in the housekeeper: an event loop of its own, begun and ended with the process.

Nothing else would notice its silence: if the postman falls it is set up again, and while it does not look into the outbox
the housekeeper gives no sign of life.
"""

import asyncio
import contextlib
import threading
import time
from typing import Final

from beat.webhooks.letters import Desk
from beat.webhooks.postman import MOST_AT_ONCE, Postman
from beat.webhooks.wire import Wire
from stenopool.ledger.ledger import AsyncLedger
from stenopool.logs import get_logger
from stenopool.media.local_store import LocalStore
from stenopool.queueing.bell import Bell
from stenopool.redis_pools import async_redis_client
from stenopool.settings import Settings
from stenopool.webhooks.addresses import Openings

SILENT_S: Final = 30.0
"""Whoever has not looked into the outbox for so long hangs; a look takes no longer than the ledger's five seconds."""

_STOP_S: Final = 5.0
_AGAIN_S: Final = 1.0

_log = get_logger(__name__)


class PostmanThread:
    """Delivers webhooks from ``start`` to ``stop``."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._loop: asyncio.AbstractEventLoop | None = None
        self._work: asyncio.Task[None] | None = None
        self._stopped = threading.Event()
        self._looked_at = time.monotonic()
        # A daemon: a resolver that hangs must not keep a stopping process.
        self._thread = threading.Thread(target=self._run, name="postman", daemon=True)

    @property
    def is_well(self) -> bool:
        """Whether it looked into the outbox lately, be it in vain."""
        return time.monotonic() - self._looked_at < SILENT_S

    def start(self) -> None:
        """Begins. Returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Takes nothing more, gives what is in hand a moment, and returns within five seconds."""
        self._stopped.set()
        if self._loop is not None and self._work is not None:
            # It may have ended by itself.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._work.cancel)
        self._thread.join(_STOP_S)

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                asyncio.run(self._deliver())
            except asyncio.CancelledError:
                _log.info("postman_stopped")
            except Exception:  # noqa: BLE001 - whatever it was, webhooks must leave again.
                _log.exception("postman_fell")
                self._stopped.wait(_AGAIN_S)

    def _note_look(self) -> None:
        self._looked_at = time.monotonic()

    async def _deliver(self) -> None:
        self._loop, self._work = asyncio.get_running_loop(), asyncio.current_task()
        settings = self._settings
        store = LocalStore(settings.data_dir / "store")
        client = async_redis_client(settings.redis_address)
        wire = Wire(Openings.of(settings.webhook_allowed_networks, settings.webhook_allowed_hosts), MOST_AT_ONCE)
        ledger = AsyncLedger(client, Bell(settings).ring_in_thread)
        try:
            await Postman(ledger, store, Desk(store, settings.public_url), wire).deliver_for_ever(self._note_look)
        finally:
            await wire.close()
            await client.aclose()
