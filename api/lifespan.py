"""Start and stop of the API process: checks, clients, services, the sweep; all of it undone in reverse order."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import anyio.to_thread
import redis.asyncio
from fastapi import FastAPI

from api.dependencies import Services
from api.limits import SubmissionLimiter
from api.services.access import Door, DoorRules
from api.services.cancellation import Cancellation
from api.services.census import CensusWatch
from api.services.deadline import AnyLedger, PunctualLedger
from api.services.deletion import Deletion
from api.services.events.following import JobFollowing
from api.services.events.hub import EventHub
from api.services.exposition import Exposition
from api.services.health import HealthRules, HealthWatch
from api.services.job_watch import JobWatch
from api.services.keeping import keeping_rules
from api.services.known_keys import KnownKeys
from api.services.listing import Listing
from api.services.lookup import Lookup
from api.services.media import MediaShelf
from api.services.media_links import MediaLinks
from api.services.openai.audio_calls import AudioCalls, CallRules
from api.services.openai.models import OfferedModels
from api.services.openai.text_feed import LiveText
from api.services.openai.waiting import WatchedWaiting
from api.services.pace import Pace
from api.services.peaks import PeaksShelf
from api.services.pools import PoolWatch
from api.services.quotas import TenantQuotas, common_limits
from api.services.results import Results
from api.services.retries import Retries
from api.services.scanner import ScannerWatch
from api.services.spool import Spool
from api.services.stopping import Stopping
from api.services.submission import SubmissionRules, Submissions
from api.services.tokens import tokens_of
from api.services.uploads import Uploads
from api.services.usage import UsageShelf
from api.services.webhook_log import WebhookLog
from api.stop_signal import on_stop
from stenopool.checks import Check, Level, require, startup_checks
from stenopool.errors import ErrorCode, StenopoolError, TransientError
from stenopool.keys.book import KeyBook
from stenopool.keys.format import digest_of
from stenopool.ledger import operations as op
from stenopool.ledger.ledger import AsyncLedger, Ledger
from stenopool.ledger.model import Timing, timing_of
from stenopool.logs import get_logger
from stenopool.media.endings import write_endings
from stenopool.media.local_store import LocalStore
from stenopool.media.store import Store
from stenopool.metrics_folder import MetricsFolder
from stenopool.queueing.bell import Bell
from stenopool.queueing.names import recognise_pool
from stenopool.redis_pools import async_redis_client, redis_client
from stenopool.settings import Settings
from stenopool.webhooks.addresses import Openings

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
            entrance = Entrance(await _door(settings, store, client), limiter)
            app.state.services = services = await _services(settings, ledger, store, metrics_folder, entrance)
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


@dataclass(frozen=True, slots=True)
class Entrance:
    """Who may come in, and how often."""

    door: Door
    limiter: SubmissionLimiter


async def _door(settings: Settings, store: LocalStore, client: redis.asyncio.Redis) -> Door:
    """The way in. A configured credential closes it for good: without its setting nobody gets in by chance.

    Raises:
        FatalError: ``settings_wrong``.
        TransientError: ``store_unavailable`` or ``disk_full``.
    """
    book = KeyBook(store)
    tokens = tokens_of(settings)
    if settings.api_key is not None or tokens is not None:
        await anyio.to_thread.run_sync(book.close)
    rules = DoorRules(
        bootstrap_digest=digest_of(settings.api_key.get_secret_value().encode()) if settings.api_key else None,
        is_anonymous_allowed=settings.allow_anonymous,
        trusted_hosts=frozenset(host.lower() for host in settings.trusted_hosts),
        cors_origins=frozenset(settings.cors_origins),
    )
    return Door(KnownKeys(book, client), tokens, rules)


async def _services(
    settings: Settings,
    ledger: AnyLedger,
    store: LocalStore,
    metrics_folder: MetricsFolder | None,
    entrance: Entrance,
) -> Services:
    models = settings.offered_models
    min_free_bytes = settings.min_free_disk_mb * 1024 * 1024
    spool = Spool(settings.data_dir / "spool", min_free_bytes)
    await anyio.to_thread.run_sync(spool.remove_stale)
    pace = Pace(settings.min_upload_rate, settings.upload_window_s, settings.upload_deadline_s)
    pools = PoolWatch(ledger)
    census = CensusWatch(ledger)
    hub, watch = EventHub(ledger), JobWatch(ledger)
    following = JobFollowing(hub, store)
    lookup = Lookup(ledger, store, pools)
    submission_rules = SubmissionRules(
        engine=settings.engine,
        models=models,
        max_queued_jobs=settings.max_queued_jobs,
        max_jobs_per_transcription=settings.max_jobs_per_transcription,
        openings=Openings.of(settings.webhook_allowed_networks, settings.webhook_allowed_hosts),
        max_audio_s=settings.max_audio_s,
        keeping=keeping_rules(settings),
        quotas=TenantQuotas(KeyBook(store), common_limits(settings)),
    )
    health_rules = HealthRules(
        pool=recognise_pool(settings.engine, models[0]),
        engine=settings.engine,
        model=models[0],
        device=settings.device,
        data_dir=settings.data_dir,
        min_free_bytes=min_free_bytes,
    )
    scanner, stopping = _scanner(settings), Stopping()
    submissions = Submissions(ledger, store, pools, submission_rules, scanner, stopping)
    return Services(
        uploads=Uploads(spool, settings.max_file_size_bytes, pace),
        submissions=submissions,
        lookup=lookup,
        watch=watch,
        hub=hub,
        following=following,
        results=Results(lookup, store),
        media=MediaShelf(lookup, store),
        peaks=PeaksShelf(lookup, store),
        media_links=MediaLinks(store, timedelta(seconds=settings.media_link_s)),
        listing=Listing(ledger, lookup),
        retries=Retries(ledger, store, lookup, pools, submission_rules),
        deletion=Deletion(ledger, store, lookup, Cancellation(ledger, store, lookup)),
        webhooks=WebhookLog(ledger, store, lookup),
        usage=UsageShelf(ledger, store),
        health=HealthWatch(census, store, health_rules, scanner),
        census=census,
        exposition=Exposition(census, metrics_folder, settings.data_dir),
        insider_token=settings.metrics_token.get_secret_value() if settings.metrics_token else None,
        audio_calls=_audio_calls(settings, submissions, lookup, watch, following),
        door=entrance.door,
        limiter=entrance.limiter,
        stopping=stopping,
        believes_proxies=bool(settings.forwarded_allow_ips),
    )


def _scanner(settings: Settings) -> ScannerWatch | None:
    address = settings.scanner_address
    return None if address is None else ScannerWatch(address, is_required=settings.scanner_required)


def _audio_calls(
    settings: Settings, submissions: Submissions, lookup: Lookup, watch: JobWatch, following: JobFollowing
) -> AudioCalls:
    rules = CallRules(OfferedModels(settings.offered_models), settings.openai_wait_s)
    return AudioCalls(submissions, lookup, WatchedWaiting(lookup, watch), LiveText(following, lookup), rules)


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
