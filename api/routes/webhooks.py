"""GET: the log of a job's webhook."""

from fastapi import APIRouter

from api.dependencies import ServicesHere, TenantHere
from api.routes.documents import ACCESS_PROBLEMS, problems
from api.webhook_schemas import WebhookLogBody
from stenopool.errors import ErrorCode

router = APIRouter(tags=["jobs"])


@router.get(
    "/jobs/{job_id}/webhooks",
    response_model=WebhookLogBody,
    operation_id="get_webhook_log",
    responses=problems(
        ErrorCode.UNKNOWN_JOB,
        *ACCESS_PROBLEMS,
        ErrorCode.LEDGER_UNAVAILABLE,
        ErrorCode.LEDGER_LOST,
        ErrorCode.STORE_UNAVAILABLE,
    ),
)
async def webhook_log(job_id: str, services: ServicesHere, tenant: TenantHere) -> WebhookLogBody:
    """What the job's webhook was told, with every try, and when the next one is due."""
    return WebhookLogBody.of(await services.webhooks.of(job_id, tenant))
