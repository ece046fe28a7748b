"""Health, for people and for probes."""

from fastapi import APIRouter, Response

import stenopool
from api.dependencies import ServicesHere
from api.schemas import HealthBody, ProbeBody
from api.services.health import Grade

router = APIRouter(tags=["health"])


@router.get(
    "/health",
    response_model=HealthBody,
    operation_id="get_health",
    responses={503: {"model": HealthBody, "description": "Unhealthy: nothing is accepted"}},
)
async def health(services: ServicesHere, response: Response) -> HealthBody:
    """The whole platform's health. 503 only when it is unhealthy; degraded is 200 and says what is wrong."""
    report = await services.health.health()
    response.status_code = 503 if report.grade is Grade.UNHEALTHY else 200
    response.headers["Cache-Control"] = "no-store"
    return HealthBody.of(report, stenopool.__version__)


@router.get("/health/live", response_model=ProbeBody, operation_id="probe_liveness")
async def live() -> ProbeBody:
    """Whether this process answers; looks at nothing else, so that an outage of Redis restarts no API."""
    return ProbeBody(status="alive")


@router.get(
    "/health/ready",
    response_model=ProbeBody,
    operation_id="probe_readiness",
    responses={
        503: {"model": ProbeBody, "description": "Redis or the store cannot be reached, or this process is stopping"}
    },
)
async def ready(services: ServicesHere, response: Response) -> ProbeBody:
    """Whether requests may be sent here: Redis and the store answer. Workers and free disk do not count."""
    is_ready = not services.stopping.asked and (await services.health.health()).is_ready
    response.status_code = 200 if is_ready else 503
    return ProbeBody(status="ready" if is_ready else "not ready")
