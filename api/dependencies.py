"""What routes are given: the services of this process, and the tenant on whose behalf a request acts."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from api.auth import admit, scope_of
from api.limits import SubmissionLimiter
from api.services.access import Door
from api.services.callers import Caller
from api.services.census import CensusWatch
from api.services.deletion import Deletion
from api.services.events.following import JobFollowing
from api.services.events.hub import EventHub
from api.services.exposition import Exposition
from api.services.health import HealthWatch
from api.services.job_watch import JobWatch
from api.services.listing import Listing
from api.services.lookup import Lookup
from api.services.media import MediaShelf
from api.services.media_links import MediaLinks
from api.services.openai.audio_calls import AudioCalls
from api.services.peaks import PeaksShelf
from api.services.results import Results
from api.services.retries import Retries
from api.services.stopping import Stopping
from api.services.submission import Submissions
from api.services.uploads import Uploads
from api.services.usage import UsageShelf
from api.services.webhook_log import WebhookLog
from stenopool.keys.model import Scope


@dataclass(frozen=True, slots=True)
class Services:
    """All that the routes call; made once for a process by ``api.assembly``."""

    uploads: Uploads
    submissions: Submissions
    lookup: Lookup
    watch: JobWatch
    hub: EventHub
    following: JobFollowing
    results: Results
    media: MediaShelf
    media_links: MediaLinks
    peaks: PeaksShelf
    listing: Listing
    retries: Retries
    deletion: Deletion
    webhooks: WebhookLog
    usage: UsageShelf
    health: HealthWatch
    census: CensusWatch
    exposition: Exposition
    insider_token: str | None
    """METRICS_TOKEN: opens /metrics and /stats to others than this machine."""
    audio_calls: AudioCalls
    door: Door
    limiter: SubmissionLimiter
    stopping: Stopping
    believes_proxies: bool
    """Whether the operator named proxies whose word on the client's address counts."""


def services_of(request: Request) -> Services:
    """The process's services."""
    services = request.app.state.services
    assert isinstance(services, Services)  # noqa: S101 - for the type checker: the lifespan has put it there.
    return services


async def current_caller(request: Request, services: Annotated[Services, Depends(services_of)]) -> Caller:
    """Who makes the request, whatever they may do; a route that uses this alone checks scopes itself."""
    return await admit(request, services.door, believes_proxies=services.believes_proxies)


async def current_tenant(request: Request, caller: Annotated[Caller, Depends(current_caller)]) -> str:
    """The tenant of the request, who may do what its method does: submit (POST), cancel (DELETE), read (others)."""
    caller.require(scope_of(request.method))
    return caller.tenant


async def reading_tenant(caller: Annotated[Caller, Depends(current_caller)]) -> str:
    """The tenant of a request that only reads, whatever its method."""
    caller.require(Scope.READ)
    return caller.tenant


async def listing_tenant(caller: Annotated[Caller, Depends(current_caller)]) -> str:
    """The tenant whose jobs are listed or followed; strangers have no list."""
    caller.require(Scope.READ)
    caller.require_list()
    return caller.tenant


async def current_operator(caller: Annotated[Caller, Depends(current_caller)]) -> Caller:
    """Somebody who may look at the platform itself."""
    caller.require(Scope.OPERATE)
    return caller


ServicesHere = Annotated[Services, Depends(services_of)]
CallerHere = Annotated[Caller, Depends(current_caller)]
TenantHere = Annotated[str, Depends(current_tenant)]
ReadingTenantHere = Annotated[str, Depends(reading_tenant)]
ListingTenantHere = Annotated[str, Depends(listing_tenant)]
OperatorHere = Annotated[Caller, Depends(current_operator)]
