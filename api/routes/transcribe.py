"""POST: takes a recording in."""

from contextlib import aclosing

from fastapi import APIRouter, Request, Response

from api.dependencies import ServicesHere, TenantHere
from api.limits import limit_submissions
from api.routes.documents import ACCESS_PROBLEMS, QUOTA_PROBLEMS, problems, upload
from api.schemas import AcceptedBody
from api.services.form import MAX_FIELDS
from api.services.job_request import require_key
from api.services.lookup import POLL_AFTER_S
from api.services.uploads import Envelope
from stenopool.audit import Act, audit
from stenopool.errors import ErrorCode, UsageError

router = APIRouter(tags=["jobs"])

_PROBLEMS = problems(
    *ACCESS_PROBLEMS,
    ErrorCode.RATE_LIMITED,
    ErrorCode.MALFORMED_UPLOAD,
    ErrorCode.UPLOAD_TOO_SLOW,
    ErrorCode.FILE_TOO_LARGE,
    ErrorCode.NOT_AUDIO,
    ErrorCode.UNSUPPORTED_ENCODING,
    ErrorCode.MISSING_FILE,
    ErrorCode.EMPTY_FILE,
    ErrorCode.INVALID_REQUEST,
    ErrorCode.INVALID_OPTION,
    ErrorCode.UNKNOWN_FIELD,
    ErrorCode.MODEL_NOT_OFFERED,
    ErrorCode.IDEMPOTENCY_CONFLICT,
    ErrorCode.TOO_MANY_JOINED,
    *QUOTA_PROBLEMS,
    ErrorCode.SHUTTING_DOWN,
    ErrorCode.NO_WORKER_FOR_MODEL,
    ErrorCode.QUEUE_FULL,
    ErrorCode.LEDGER_UNAVAILABLE,
    ErrorCode.LEDGER_LOST,
    ErrorCode.STORE_UNAVAILABLE,
    ErrorCode.SCANNER_UNAVAILABLE,
    ErrorCode.DISK_FULL,
)
_HEADERS = {
    "Location": {"description": "Where the job's status is read.", "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds until a first look is worth it.", "schema": {"type": "integer"}},
    "Idempotent-Replayed": {
        "description": "`true` where an earlier request with this key was answered.",
        "schema": {"type": "string"},
    },
    "RateLimit-Limit": {"description": "Submissions in the window.", "schema": {"type": "integer"}},
    "RateLimit-Remaining": {"description": "Submissions left in it.", "schema": {"type": "integer"}},
    "RateLimit-Reset": {"description": "Seconds until one more is free.", "schema": {"type": "integer"}},
}


@router.post(
    "/transcribe",
    status_code=202,
    response_model=AcceptedBody,
    operation_id="submit_transcription",
    responses={202: {"headers": _HEADERS}, **_PROBLEMS},
    openapi_extra=upload(),
)
@router.post("/jobs", status_code=202, response_model=AcceptedBody, include_in_schema=False)
@limit_submissions
async def submit(request: Request, response: Response, services: ServicesHere, tenant: TenantHere) -> AcceptedBody:
    """Takes one recording and answers at once; the work goes on behind.

    The body is multipart/form-data with the recording in `file`, the other fields in any order; or it is the recording
    itself (`audio/*`, `video/*`, `application/octet-stream`) with the fields in the query. The same recording with the
    same options is transcribed once: a job for a finished transcription is `completed` in the answer. The same request
    under the same `Idempotency-Key` is one job for a day.
    """
    key = require_key(request.headers.get("idempotency-key"))
    await services.submissions.require_open()
    async with (
        aclosing(request.stream()) as body,
        services.uploads.receive(envelope_of(request), body) as upload,
    ):
        accepted = await services.submissions.submit(tenant, upload, key)
    audit(Act.SUBMIT, job_id=accepted.job_id)
    response.headers["Location"] = f"/jobs/{accepted.job_id}"
    response.headers["Retry-After"] = str(0 if accepted.state.ended else POLL_AFTER_S)
    if accepted.is_replay:
        response.headers["Idempotent-Replayed"] = "true"
    return AcceptedBody.of(accepted)


def envelope_of(request: Request) -> Envelope:
    """What the request says about its body. Raises ``UsageError`` for a Content-Length that is no number."""
    length = request.headers.get("content-length")
    if length is not None and not length.isdecimal():
        raise UsageError(ErrorCode.MALFORMED_UPLOAD, "the Content-Length is not a number")
    return Envelope(
        content_type=request.headers.get("content-type"),
        content_length=int(length) if length is not None else None,
        content_encoding=request.headers.get("content-encoding"),
        content_disposition=request.headers.get("content-disposition"),
        file_name=request.headers.get("x-file-name"),
        query=_query(request),
    )


def _query(request: Request) -> tuple[tuple[str, str], ...]:
    fields = tuple(request.query_params.multi_items())
    if len(fields) > MAX_FIELDS:
        raise UsageError(ErrorCode.INVALID_REQUEST, f"a request has at most {MAX_FIELDS} fields")
    return fields
