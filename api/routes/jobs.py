"""Jobs: their list, each one's status and result, taking one back, trying one again."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response

from api.closing_stream import ClosingStream
from api.dependencies import ListingTenantHere, ServicesHere, TenantHere
from api.disposition import content_disposition
from api.polling import etag, is_known, known_tags, news, wished_wait_s
from api.queries import DeleteQuery, ListQuery, ResultQuery
from api.result_json import json_pieces
from api.routes.documents import ACCESS_PROBLEMS, problems
from api.schemas import AcceptedBody, ListBody, RemovedBody, ResultBody, StatusBody
from api.services.deletion import Removed, message
from api.services.lookup import POLL_AFTER_S, JobStatus
from api.services.results import Document
from stenopool.audit import Act, audit
from stenopool.errors import ErrorCode
from stenopool.transcripts.formats import Format, format_of

router = APIRouter(tags=["jobs"])

_AWAY = (*ACCESS_PROBLEMS, ErrorCode.LEDGER_UNAVAILABLE, ErrorCode.LEDGER_LOST)
_READING = (ErrorCode.UNKNOWN_JOB, *_AWAY)
_ENDINGS = (ErrorCode.NOT_FINISHED, ErrorCode.JOB_FAILED, ErrorCode.JOB_CANCELLED, ErrorCode.RESULT_EXPIRED)

_TEXT: Final = {"type": "string"}
_POLLING: Final = [
    {
        "name": "If-None-Match",
        "in": "header",
        "schema": _TEXT,
        "description": "`ETag` of the status you have; 304 while nothing has changed.",
    },
    {
        "name": "Prefer",
        "in": "header",
        "schema": _TEXT,
        "description": "`wait=N`: hold the answer back for up to N seconds (at most 30) until something has changed, or, "
        "without If-None-Match, until the job has ended.",
        "example": "wait=30",
    },
]
_STATUS_HEADERS: Final = {
    "ETag": {"description": "Changes whenever state, progress, place or run do; weak.", "schema": _TEXT},
    "Preference-Applied": {"description": "The wait that was granted.", "schema": _TEXT},
    "Retry-After": {"description": "Seconds until another look is worth it.", "schema": {"type": "integer"}},
}
_RESULT_TAG: Final = {"ETag": {"description": "Names the document; strong. A result never changes.", "schema": _TEXT}}
_FORMATS: Final[dict[str, Any]] = {form.media_type: {"schema": _TEXT} for form in Format if form is not Format.JSON}
_RESULT: Final[dict[str, Any]] = {
    "response_model": ResultBody,
    "responses": {
        200: {
            "content": _FORMATS,
            "description": "The transcript in the format asked for",
            "headers": _RESULT_TAG,
        },
        304: {"description": "It is what you have", "headers": _RESULT_TAG},
        **problems(
            *_READING, *_ENDINGS, ErrorCode.INVALID_REQUEST, ErrorCode.INVALID_OPTION, ErrorCode.STORE_UNAVAILABLE
        ),
    },
    "openapi_extra": {
        "parameters": [
            {"name": "If-None-Match", "in": "header", "schema": _TEXT, "description": "`ETag` of what you have."}
        ]
    },
}


@router.get(
    "/jobs",
    response_model=ListBody,
    operation_id="list_jobs",
    responses=problems(ErrorCode.INVALID_REQUEST, ErrorCode.INVALID_OPTION, *_AWAY),
)
async def list_jobs(
    query: Annotated[ListQuery, Query()], services: ServicesHere, tenant: ListingTenantHere
) -> ListBody:
    """Your jobs, newest first, a page at a time.

    Go on while `has_more` is true: with filters a page may be short, even empty, before the last.
    """
    return ListBody.of(await services.listing.page(tenant, query.page()))


@router.get(
    "/status/{job_id}",
    response_model=StatusBody,
    operation_id="get_job_status",
    responses={
        200: {"headers": _STATUS_HEADERS},
        304: {"description": "Nothing has changed", "headers": _STATUS_HEADERS},
        **problems(*_READING),
    },
    openapi_extra={"parameters": _POLLING},
)
@router.get("/jobs/{job_id}", response_model=StatusBody, include_in_schema=False)
async def status(
    job_id: str, request: Request, response: Response, services: ServicesHere, tenant: TenantHere
) -> StatusBody | Response:
    """Where the job stands; with `Prefer: wait=N` as soon as there is news."""
    tags, wait_s = known_tags(request.headers), wished_wait_s(request.headers)
    found = await services.lookup.status(job_id, tenant)
    headers = {"Cache-Control": "private, no-cache", "Vary": "Prefer"}
    if wait_s and not services.watch.is_full:
        headers["Preference-Applied"] = f"wait={wait_s}"
        is_news = news(tags)
        if not is_news(found.job.mark):
            await services.watch.wait(job_id, is_news, wait_s)
            found = await services.lookup.status(job_id, tenant)
    headers |= _status_headers(found)
    if is_known(headers["ETag"], tags):
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return StatusBody.of(found)


@router.get("/result/{job_id}", operation_id="get_result", **_RESULT)
@router.head("/result/{job_id}", operation_id="head_result", **_RESULT)
@router.get("/jobs/{job_id}/result", include_in_schema=False, response_model=ResultBody)
@router.head("/jobs/{job_id}/result", include_in_schema=False, response_model=ResultBody)
async def result(
    job_id: str,
    query: Annotated[ResultQuery, Query()],
    request: Request,
    services: ServicesHere,
    tenant: TenantHere,
) -> Response:
    """The transcript of a completed job as JSON, text, SRT, WebVTT or TSV; 409 for a job that is not completed.

    `format` or `Accept` choose. Nothing is transcribed again, whatever the format and the rules.
    """
    form = format_of(query.format, ",".join(request.headers.getlist("accept")))
    document = await services.results.document(job_id, tenant, form, query.wishes())
    headers = _result_headers(document)
    if is_known(headers["ETag"], known_tags(request.headers)):
        return Response(status_code=304, headers=headers)
    if request.method == "HEAD":
        # How long it is shows when it is written; no length is not a length of nought.
        answer = Response(headers=headers)
        del answer.headers["Content-Length"]
        return answer
    body = await services.results.written(document, json_pieces)
    audit(Act.READ_RESULT, job_id=job_id)
    if body.whole is not None:
        return Response(body.whole, headers=headers)
    return ClosingStream(body, body.close, 200, headers)


@router.post(
    "/jobs/{job_id}/retry",
    status_code=202,
    response_model=AcceptedBody,
    operation_id="retry_job",
    responses=problems(
        *_READING,
        ErrorCode.NOT_RETRYABLE,
        ErrorCode.INPUT_MISSING,
        ErrorCode.TOO_MANY_JOINED,
        ErrorCode.QUOTA_ACTIVE_JOBS,
        ErrorCode.QUOTA_AUDIO,
        ErrorCode.NO_WORKER_FOR_MODEL,
        ErrorCode.QUEUE_FULL,
        ErrorCode.STORE_UNAVAILABLE,
        ErrorCode.DISK_FULL,
    ),
)
async def retry(job_id: str, response: Response, services: ServicesHere, tenant: TenantHere) -> AcceptedBody:
    """Tries a failed or cancelled job again, under its own id, with the recording that was uploaded."""
    accepted = await services.retries.retry(job_id, tenant)
    audit(Act.RETRY, job_id=job_id)
    response.headers["Location"] = f"/jobs/{job_id}"
    response.headers["Retry-After"] = str(0 if accepted.state.ended else POLL_AFTER_S)
    return AcceptedBody.of(accepted)


@router.delete(
    "/job/{job_id}",
    response_model=RemovedBody,
    operation_id="delete_job",
    responses=problems(*_READING, ErrorCode.JOB_ENDED, ErrorCode.INVALID_REQUEST, ErrorCode.DISK_FULL),
)
@router.delete("/jobs/{job_id}", response_model=RemovedBody, include_in_schema=False)
async def delete(
    job_id: str, query: Annotated[DeleteQuery, Query()], services: ServicesHere, tenant: TenantHere
) -> RemovedBody:
    """Cancels a job that has not ended, deletes one that has: its transcript and recording, and all that is known of it.

    Other jobs for the same recording keep what they need. With `only=active` a job is only cancelled, and one that has
    completed or failed is `409`; that may be repeated, while a second call without it deletes what the first cancelled.
    A deletion that is repeated answers the same for two days.
    """
    removed = await services.deletion.remove(job_id, tenant, only_active=query.only == "active")
    audit(Act.CANCEL if removed.how is Removed.CANCELLED else Act.DELETE, job_id=removed.job_id)
    return RemovedBody(job_id=removed.job_id, status=removed.how, message=message(removed.how))


def _status_headers(found: JobStatus) -> dict[str, str]:
    headers = {"ETag": etag(found.job.mark)}
    return headers if found.job.state.ended else headers | {"Retry-After": str(POLL_AFTER_S)}


def _result_headers(document: Document) -> dict[str, str]:
    name, form = document.job.name, document.form
    kind = "inline" if form is Format.JSON else "attachment"
    return {
        "Content-Type": form.content_type,
        "Content-Disposition": content_disposition(kind, name.rpartition(".")[0] or name, form.extension),
        "ETag": f'"{document.tag}"',
        # What was said may look like a page with a script: no browser shall guess another type.
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-cache",
        "Vary": "Accept",
    }
