"""Usage: what a tenant had done, day by day."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from api.dependencies import ListingTenantHere, ServicesHere
from api.disposition import content_disposition
from api.routes.documents import ACCESS_PROBLEMS, problems
from api.usage_schemas import CSV_TYPE, UsageBody, UsageQuery, as_csv, wants_csv
from stenopool.errors import ErrorCode

router = APIRouter(tags=["jobs"])

_CSV: Final = {CSV_TYPE: {"schema": {"type": "string"}}}


@router.get(
    "/usage",
    response_model=UsageBody,
    operation_id="get_usage",
    responses={
        200: {"content": _CSV, "description": "One entry, or one line, for each day"},
        **problems(
            *ACCESS_PROBLEMS,
            ErrorCode.NO_JOB_LIST,
            ErrorCode.INVALID_REQUEST,
            ErrorCode.INVALID_OPTION,
            ErrorCode.LEDGER_UNAVAILABLE,
            ErrorCode.LEDGER_LOST,
        ),
    },
)
async def usage(
    query: Annotated[UsageQuery, Query()],
    request: Request,
    response: Response,
    services: ServicesHere,
    tenant: ListingTenantHere,
) -> UsageBody | Response:
    """What you had done on each day (UTC), as JSON or, by `format=csv` or `Accept: text/csv`, as a table."""
    report = await services.usage.report(tenant, query.first, query.last)
    headers = {"Cache-Control": "private, no-cache", "Vary": "Accept"}
    if wants_csv(query.format, ",".join(request.headers.getlist("accept"))):
        stem = f"usage-{report.days[0].day}-{report.days[-1].day}"
        headers["Content-Disposition"] = content_disposition("attachment", stem, ".csv")
        return Response(as_csv(report), media_type=f"{CSV_TYPE}; charset=utf-8", headers=headers)
    response.headers.update(headers)
    return UsageBody.of(report)
