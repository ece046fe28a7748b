"""Start and stop of the API process: checks, clients, services, the sweep; all of it undone in reverse order."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from typing import Final

import anyio.to_thread
from fastapi import FastAPI

from api.assembly import Entrance, door_of, services_of
from api.dependencies import Services
from api.limits import SubmissionLimiter
from api.services.deadline import AnyLedger, PunctualLedger
from api.stop_signal import on_stop
from stenopool.checks import Check, Level, require, startup_checks
from stenopool.errors import ErrorCode, StenopoolError, TransientError
from stenopool.ledger import operations as op
from stenopool.ledger.ledger import AsyncLedger, Ledger
from stenopool.ledger.model import Timing, timing_of
from stenopool.logs import get_logger
from stenopool.media.endings import write_endings
from stenopool.media.local_store import LocalStore
from stenopool.media.store import Store
from stenopool.metrics_folder import MetricsFolder
from stenopool.queueing.bell import Bell
from stenopool.redis_pools import async_redis_client, redis_client
from stenopool.settings import Settings

_START_LIMIT_S: Final = 20.0
"""Redis may still be starting or loading its file; after this long the process gives up and is started again."""
_START_PAUSE_S: Final = 0.5
_LAST_BELLS_S: Final = 3.0
_log = get_logger(__name__)


def lifespan_of(
    settings: Settings, metrics_folder: MetricsFolder | None = None
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """The lifespan of an app with these settings; with a folder it shares its metrics, and leaves it at the end."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        store = LocalStore(settings.data_dir / "store")
        await _check(settings, store)
        async with AsyncExitStack() as stack:
            if metrics_folder is not None:
                stack.callback(metrics_folder.leave)
            client = async_redis_client(settings.redis_address)
            stack.push_async_callback(client.aclose)
            bells = Bells(Bell(settings))
            stack.push_async_callback(bells.close)
            ledger = PunctualLedger(AsyncLedger(client, bells.ring))
            limiter = SubmissionLimiter(settings.redis_address, settings.rate_limit_submit)
            stack.callback(limiter.close)
            entrance = Entrance(await door_of(settings, store, client), limiter)
            app.state.services = services = await services_of(settings, ledger, store, metrics_folder, entrance)
            stack.push_async_callback(services.watch.close)
            stack.callback(services.hub.close)
            stack.enter_context(on_stop(lambda: _stop_beginning(services)))
            timing = timing_of(settings.lease_s, settings.beat_s, settings.sweep_s)
            sweeper = asyncio.create_task(sweep_for_ever(ledger, store, timing), name="sweep")
            stack.push_async_callback(_stop, sweeper)
            _log.info("api_started", engine=settings.engine, model=settings.model_size)
            yield
            _log.info("api_stopping")
            # The server has broken off what outlasted its grace, and does not wait for the answers.
            await services.stopping.until_answered()

    return lifespan


def _stop_beginning(services: Services) -> None:
    """The order to stop has come: nothing new, and nobody waits; what was begun is finished within the server's grace."""
    services.stopping.ask()
    services.hub.close()
    services.watch.wake_all()


class Bells:
    """Rings behind the answer: a request never waits for Celery, and a bell that fails is rung again by the sweep."""

    def __init__(self, bell: Bell) -> None:
        self._bell = bell
        self._ringing: set[asyncio.Task[None]] = set()

    async def ring(self, bells: Mapping[str, int]) -> None:
        """Begins to ring and returns."""
        task = asyncio.create_task(self._bell.ring_in_thread(bells), name="bell")
        # The loop itself keeps no strong reference to a task.
        self._ringing.add(task)
        task.add_done_callback(self._ringing.discard)

    async def close(self) -> None:
        """Lets the last bells be heard, then hangs up."""
        if self._ringing:
            await asyncio.wait(self._ringing, timeout=_LAST_BELLS_S)
        await anyio.to_thread.run_sync(self._bell.close)


async def sweep_for_ever(ledger: AnyLedger, store: Store, timing: Timing) -> None:
    """Calls the sweep at its period, writes the endings of runs that failed by it. An outage is logged when it begins and when it ends, not every five seconds."""
    trouble: str | None = None
    while True:
        try:
            swept = await ledger.do(op.sweep(timing))
            if swept.failed_runs:
                await anyio.to_thread.run_sync(write_endings, store, swept.failed_runs)
            found = ErrorCode.LEDGER_LOST if swept.ledger_lost else None
        except StenopoolError as error:
            found = error.code
        except Exception:  # noqa: BLE001 - the sweep outlives any fault of its own: nobody would notice its death.
            _log.exception("sweep_failed")
            found = ErrorCode.INTERNAL_ERROR
        if found != trouble:
            _log.warning("sweep_in_trouble", code=found) if found else _log.info("sweep_recovered")
            trouble = found
        await asyncio.sleep(timing.sweep_ms / 1000)


async def _check(settings: Settings, store: LocalStore) -> None:
    """Start-up checks, one line each.

    A ledger that is lost does not stop the start: the API then answers 503 and tells why, until it is rebuilt.

    Raises:
        FatalError: something an operator has to change.
        TransientError: Redis or the store did not answer in time.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + _START_LIMIT_S
    while True:
        checks = await anyio.to_thread.run_sync(_run_checks, settings, store)
        for check in checks:
            say = _log.info if check.level is Level.OK else _log.warning
            say("startup_check", check=check.name, grade=check.level, line=check.line)
        try:
            require(checks)
        except TransientError as error:
            if error.code is ErrorCode.LEDGER_LOST:
                return
            if loop.time() > until:
                raise
            await asyncio.sleep(_START_PAUSE_S)
        else:
            return


def _run_checks(settings: Settings, store: LocalStore) -> tuple[Check, ...]:
    with redis_client(settings.redis_address) as client:
        return startup_checks(settings, client, Ledger(client, _ring_nothing), store)


def _ring_nothing(_bells: Mapping[str, int]) -> None:
    """Reading and writing an epoch makes no work."""


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
