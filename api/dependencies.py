"""What routes are given: the services of this process, and the tenant on whose behalf a request acts."""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Request

from api.services.cancellation import Cancellation
from api.services.census import CensusWatch
from api.services.exposition import Exposition
from api.services.health import HealthWatch
from api.services.job_watch import JobWatch
from api.services.listing import Listing
from api.services.lookup import Lookup
from api.services.openai.audio_calls import AudioCalls
from api.services.results import Results
from api.services.retries import Retries
from api.services.submission import Submissions
from api.services.uploads import Uploads

DEFAULT_TENANT: Final = "default"
"""Everybody, as long as there are no keys: the API listens on loopback only."""


@dataclass(frozen=True, slots=True)
class Services:
    """All that the routes call; made once for a process by ``api.lifespan``."""

    uploads: Uploads
    submissions: Submissions
    lookup: Lookup
    watch: JobWatch
    results: Results
    listing: Listing
    retries: Retries
    cancellation: Cancellation
    health: HealthWatch
    census: CensusWatch
    exposition: Exposition
    insider_token: str | None
    """METRICS_TOKEN: opens /metrics and /stats to others than this machine."""
    audio_calls: AudioCalls


def services_of(request: Request) -> Services:
    """The process's services."""
    services = request.app.state.services
    assert isinstance(services, Services)  # noqa: S101 - for the type checker: the lifespan has put it there.
    return services


def current_tenant() -> str:
    """The tenant of the request."""
    return DEFAULT_TENANT


ServicesHere = Annotated[Services, Depends(services_of)]
TenantHere = Annotated[str, Depends(current_tenant)]
