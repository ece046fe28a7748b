"""Puts the services of an API process together, and the door before them, from its settings."""

from dataclasses import dataclass
from datetime import timedelta

import anyio.to_thread
import redis.asyncio

from api.dependencies import Services
from api.limits import SubmissionLimiter
from api.services.access import Door, DoorRules
from api.services.cancellation import Cancellation
from api.services.census import CensusWatch
from api.services.deadline import AnyLedger
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
from api.services.submission import Submissions
from api.services.submission_rules import SubmissionRules
from api.services.tokens import tokens_of
from api.services.uploads import Uploads
from api.services.usage import UsageShelf
from api.services.webhook_log import WebhookLog
from stenopool.keys.book import KeyBook
from stenopool.keys.format import digest_of
from stenopool.media.local_store import LocalStore
from stenopool.metrics_folder import MetricsFolder
from stenopool.queueing.names import recognise_pool
from stenopool.settings import Settings
from stenopool.webhooks.addresses import Openings


@dataclass(frozen=True, slots=True)
class Entrance:
    """Who may come in, and how often."""

    door: Door
    limiter: SubmissionLimiter


async def door_of(settings: Settings, store: LocalStore, client: redis.asyncio.Redis) -> Door:
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


async def services_of(
    settings: Settings,
    ledger: AnyLedger,
    store: LocalStore,
    metrics_folder: MetricsFolder | None,
    entrance: Entrance,
) -> Services:
    """Everything that the routes call. What killed processes left in the spool is removed on the way."""
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
