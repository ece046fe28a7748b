"""The outline of a job's recording, to be drawn."""

from typing import Any, Final

from fastapi import APIRouter, Request, Response

from api.dependencies import ServicesHere, TenantHere
from api.file_answers import file_answer
from api.media_schemas import PeaksBody
from api.polling import is_known, known_tags
from api.ranges import ByteRange
from api.routes.documents import ACCESS_PROBLEMS, problems
from stenopool.errors import ErrorCode

router = APIRouter(tags=["media"])

_TEXT: Final = {"type": "string"}
_TAG: Final = {"ETag": {"description": "Names the peaks; strong.", "schema": _TEXT}}
_DESCRIBED: Final[dict[str, Any]] = {
    "response_model": PeaksBody,
    "responses": {
        200: {"headers": _TAG},
        304: {"description": "They are what you have", "headers": _TAG},
        **problems(
            ErrorCode.UNKNOWN_JOB,
            ErrorCode.NOT_FINISHED,
            ErrorCode.JOB_FAILED,
            ErrorCode.JOB_CANCELLED,
            ErrorCode.RESULT_EXPIRED,
            ErrorCode.LEDGER_UNAVAILABLE,
            ErrorCode.LEDGER_LOST,
            *ACCESS_PROBLEMS,
        ),
    },
    "openapi_extra": {
        "parameters": [
            {"name": "If-None-Match", "in": "header", "schema": _TEXT, "description": "`ETag` of what you have."}
        ]
    },
}


@router.get("/jobs/{job_id}/peaks", operation_id="get_peaks", **_DESCRIBED)
@router.head("/jobs/{job_id}/peaks", operation_id="head_peaks", **_DESCRIBED)
async def peaks(job_id: str, request: Request, services: ServicesHere, tenant: TenantHere) -> Response:
    """The outline of the recording: least and greatest sample of each stretch, as audiowaveform writes it.

    There as soon as the recording is decoded, long before the job is done; 409 `not_finished` until then.
    """
    found = await services.peaks.peaks(job_id, tenant)
    headers = {"ETag": f'"{found.tag}"', "Content-Type": "application/json", "X-Content-Type-Options": "nosniff"}
    if is_known(headers["ETag"], known_tags(request.headers)):
        return Response(status_code=304, headers=headers)
    if request.method == "HEAD":
        return Response(headers={**headers, "Content-Length": str(found.size_bytes)})
    return file_answer(await services.peaks.open(found), ByteRange(0, found.size_bytes - 1), 200, headers)
