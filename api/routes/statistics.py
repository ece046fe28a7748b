"""Statistics, for people."""

from fastapi import APIRouter, Response

from api.dependencies import ServicesHere
from api.insiders import InsidersOnly
from api.routes.documents import problems
from api.services.statistics import statistics
from api.statistics_schemas import StatisticsBody
from stenopool.errors import ErrorCode

router = APIRouter(tags=["health"])


@router.get(
    "/stats",
    response_model=StatisticsBody,
    operation_id="get_statistics",
    dependencies=[InsidersOnly],
    responses=problems(ErrorCode.NOT_FOUND, ErrorCode.LEDGER_UNAVAILABLE),
)
async def stats(services: ServicesHere, response: Response) -> StatisticsBody:
    """What waits and is worked on, who works, how often work was spared.

    For insiders: asked from the API's own machine, or with `Authorization: Bearer` and METRICS_TOKEN; 404 for others.
    """
    response.headers["Cache-Control"] = "no-store"
    return StatisticsBody.of(await statistics(services.census))
