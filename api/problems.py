"""Errors as HTTP: the one table from codes to statuses, and RFC 9457 problems for everything that goes wrong."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from api.allowed_methods import allowed_methods
from api.openai_problems import is_openai, rendered
from api.ranges import RangeNotSatisfiableError
from api.schemas import Problem, ReasonBody
from api.services.lookup import JobFailedError, NotFinishedError
from stenopool import metrics
from stenopool.errors import ErrorCode, FatalError, StenopoolError, TransientError
from stenopool.logs import get_logger

_log = get_logger(__name__)

MEDIA_TYPE: Final = "application/problem+json"

TYPE_PREFIX: Final = "urn:stenopool:problem:"
"""A problem's ``type`` is this and its code: a name, not an address (RFC 9457, 3.1.1)."""

STATUS: Final[Mapping[ErrorCode, int]] = {
    ErrorCode.UNKNOWN_JOB: 404,
    ErrorCode.NOT_FINISHED: 409,
    ErrorCode.JOB_FAILED: 409,
    ErrorCode.JOB_CANCELLED: 409,
    ErrorCode.JOB_ENDED: 409,
    ErrorCode.NOT_RETRYABLE: 409,
    ErrorCode.RESULT_EXPIRED: 410,
    ErrorCode.MEDIA_EXPIRED: 410,
    ErrorCode.RANGE_NOT_SATISFIABLE: 416,
    ErrorCode.LINK_EXPIRED: 403,
    ErrorCode.INVALID_REQUEST: 422,
    ErrorCode.INVALID_OPTION: 422,
    ErrorCode.UNKNOWN_FIELD: 422,
    ErrorCode.UNSUPPORTED_FIELD: 422,
    ErrorCode.MODEL_NOT_FOUND: 404,
    ErrorCode.MODEL_NOT_OFFERED: 422,
    ErrorCode.MISSING_FILE: 422,
    ErrorCode.EMPTY_FILE: 422,
    ErrorCode.NOT_AUDIO: 415,
    ErrorCode.FILE_TOO_LARGE: 413,
    ErrorCode.MALFORMED_UPLOAD: 400,
    ErrorCode.UPLOAD_TOO_SLOW: 408,
    ErrorCode.UNSUPPORTED_ENCODING: 415,
    ErrorCode.TOO_MANY_JOINED: 429,
    ErrorCode.QUOTA_ACTIVE_JOBS: 429,
    ErrorCode.QUOTA_AUDIO: 429,
    ErrorCode.QUOTA_STORED: 429,
    ErrorCode.IDEMPOTENCY_CONFLICT: 422,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.METHOD_NOT_ALLOWED: 405,
    ErrorCode.UNAUTHENTICATED: 401,
    ErrorCode.BAD_SIGNATURE: 401,
    ErrorCode.SCOPE_MISSING: 403,
    ErrorCode.LOCAL_ONLY: 403,
    ErrorCode.CROSS_SITE: 403,
    ErrorCode.BAD_HOST: 400,
    ErrorCode.NO_JOB_LIST: 403,
    ErrorCode.RATE_LIMITED: 429,
    ErrorCode.NO_WORKER_FOR_MODEL: 503,
    ErrorCode.QUEUE_FULL: 503,
    ErrorCode.LEDGER_UNAVAILABLE: 503,
    ErrorCode.LEDGER_LOST: 503,
    ErrorCode.STORE_UNAVAILABLE: 503,
    ErrorCode.SCANNER_UNAVAILABLE: 503,
    ErrorCode.DISK_FULL: 507,
    ErrorCode.TOO_MANY_LISTENERS: 503,
    ErrorCode.SHUTTING_DOWN: 503,
    ErrorCode.STILL_RUNNING: 504,
    ErrorCode.INTERNAL_ERROR: 500,
    ErrorCode.SETTINGS_WRONG: 500,
    ErrorCode.WEIGHTS_MISSING: 500,
    # Reasons of failed jobs stand inside a job_failed problem; these statuses are for whoever raises one himself.
    ErrorCode.UNDECODABLE_MEDIA: 422,
    ErrorCode.NO_AUDIO: 422,
    ErrorCode.AUDIO_TOO_LONG: 422,
    ErrorCode.QUOTA_EXCEEDED: 429,
    ErrorCode.DECODE_TIMEOUT: 422,
    ErrorCode.INFECTED: 422,
    ErrorCode.UNSCANNABLE: 422,
    ErrorCode.INPUT_MISSING: 410,
    ErrorCode.LANGUAGE_NOT_SUPPORTED: 422,
    ErrorCode.TASK_NOT_SUPPORTED: 422,
    ErrorCode.ENGINE_FAILED: 500,
    ErrorCode.ENGINE_TIMEOUT: 500,
    ErrorCode.OUT_OF_MEMORY: 500,
    ErrorCode.WORKER_LOST: 500,
    ErrorCode.TRANSIENT_TOO_LONG: 503,
}

_FROM_FRAMEWORK: Final = {
    404: (ErrorCode.NOT_FOUND, "there is nothing at this address", "GET /docs lists what there is"),
    405: (ErrorCode.METHOD_NOT_ALLOWED, "this address does not know this method", "GET /docs lists what there is"),
}


class ProblemResponse(JSONResponse):
    """A problem on the wire."""

    media_type = MEDIA_TYPE


def problem_response(request: Request, error: StenopoolError, status: int | None = None) -> JSONResponse:
    """The answer to a request that ended in ``error``, in the shape that its door speaks."""
    metrics.PROBLEMS.inc(code=error.code)
    problem = problem_of(request, error, status)
    if is_openai(request):
        made = rendered(request, problem, error, STATUS)
        return JSONResponse(made.body, made.status, {**_headers(error), **made.headers})
    return ProblemResponse(problem.model_dump(mode="json", exclude_none=True), problem.status, _headers(error))


def problem_of(request: Request, error: StenopoolError, status: int | None = None) -> Problem:
    """The error as a problem; no internals in it."""
    status = STATUS[error.code] if status is None else status
    why = error.reason if isinstance(error, JobFailedError) else None
    # What is ours is told to nobody but the log: the message of a fault may name a file or an address.
    is_ours = isinstance(error, FatalError)
    return Problem(
        type=f"{TYPE_PREFIX}{error.code}",
        title=title(error.code),
        status=status,
        detail="something went wrong inside the platform" if is_ours else error.message,
        code=error.code,
        hint="tell the operator the request_id" if is_ours else error.hint,
        instance=request.url.path,
        request_id=request.scope.get("state", {}).get("request_id"),
        error=ReasonBody.of(why) if why else None,
    )


def title(code: ErrorCode) -> str:
    """The same few words for every problem of a code."""
    return code.replace("_", " ").capitalize()


def add_problem_handlers(app: FastAPI) -> None:
    """Makes every error an application/problem+json; unexpected ones are caught outermost, in ``api.middleware``."""
    app.add_exception_handler(StenopoolError, _on_ours)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(ClientDisconnect, _on_disconnect)


def _headers(error: StenopoolError) -> dict[str, str]:
    if STATUS[error.code] == 401:
        # RFC 9110, 11.6.1: a 401 names how to do better.
        return {"WWW-Authenticate": 'Bearer realm="stenopool"'}
    if isinstance(error, RangeNotSatisfiableError):
        return {"Content-Range": f"bytes */{error.size_bytes}"}
    if isinstance(error, TransientError | NotFinishedError):
        return {"Retry-After": str(error.retry_after_s)}
    return {}


async def _on_ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, StenopoolError)  # noqa: S101 - registered for nothing else.
    if isinstance(error, FatalError):
        _log.error("request_failed", code=error.code, exc_info=error)
    return problem_response(request, error)


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else.
    fallback = (ErrorCode.INVALID_REQUEST, HTTPStatus(error.status_code).phrase.lower(), "")
    code, message, hint = _FROM_FRAMEWORK.get(error.status_code, fallback)
    response = problem_response(request, StenopoolError(code, message, hint), error.status_code)
    response.headers.update(error.headers or {})
    if error.status_code == 405:
        response.headers["Allow"] = allowed_methods(request)
    return response


async def _on_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for nothing else.
    wrong = "; ".join(f"{'.'.join(map(str, item['loc'][1:]))}: {item['msg']}" for item in error.errors())
    return problem_response(request, StenopoolError(ErrorCode.INVALID_REQUEST, wrong, "see GET /docs"))


async def _on_disconnect(_request: Request, _error: Exception) -> Response:
    # Nobody reads this answer; without it the server would log a fault that was none.
    return Response(status_code=400)
