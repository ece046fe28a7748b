"""Errors of the OpenAI-compatible door: one object that is a problem and what the official clients expect."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request

from api.openai_schemas import OpenAiError, OpenAiProblem
from api.schemas import ProblemFields
from api.services.lookup import JobFailedError
from api.services.openai.refusals import FieldError
from stenopool.errors import ErrorCode, StenopoolError

PREFIX: Final = "/v1/"
"""Everything below answers errors in this shape, also what was refused before any route was reached."""

JOB_HEADER: Final = "X-Job-Id"

_AS_OPENAI: Final = {415: 400, 422: 400}
"""OpenAI's API answers 400 to whatever is wrong with a request, and callers catch ``BadRequestError``."""

_TYPES: Final = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}

_PARAMS: Final[Mapping[str, str]] = {
    ErrorCode.MISSING_FILE: "file",
    ErrorCode.EMPTY_FILE: "file",
    ErrorCode.NOT_AUDIO: "file",
    ErrorCode.FILE_TOO_LARGE: "file",
    ErrorCode.UNDECODABLE_MEDIA: "file",
    ErrorCode.NO_AUDIO: "file",
    ErrorCode.AUDIO_TOO_LONG: "file",
    ErrorCode.INFECTED: "file",
    ErrorCode.UNSCANNABLE: "file",
    ErrorCode.LANGUAGE_NOT_SUPPORTED: "language",
}
"""Fields at fault where the error itself names none."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """An error ready for the wire."""

    status: int
    body: dict[str, object]
    headers: dict[str, str]


def as_openai(status: int) -> int:
    """The status that stands for another one at this door."""
    return _AS_OPENAI.get(status, status)


def is_openai(request: Request) -> bool:
    """Whether the request came through this door."""
    return request.url.path.startswith(PREFIX)


def keep_job_id(request: Request, job_id: str) -> None:
    """From now on every answer to this request names its job, an error as well."""
    request.state.job_id = job_id


def job_headers(request: Request) -> dict[str, str]:
    """The header that names the request's job; none before there is one."""
    job_id = request.scope.get("state", {}).get("job_id")
    return {JOB_HEADER: job_id} if job_id else {}


def rendered(
    request: Request, problem: ProblemFields, error: StenopoolError, statuses: Mapping[ErrorCode, int]
) -> Rendered:
    """The error in both shapes. ``statuses`` tell those of the reasons for which jobs fail."""
    code, status = problem.code, problem.status
    if isinstance(error, JobFailedError):
        # The client asked for text, not for a job: the reason is its error.
        code, status = error.reason.code, 500
        with suppress(ValueError):
            status = statuses[ErrorCode(code)]
    status = as_openai(status)
    # The clients' exceptions show the message and nothing beside it: what to change belongs into it.
    message = f"{problem.detail} ({problem.hint})" if problem.hint else problem.detail
    told = OpenAiError(
        message=message,
        type=_TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error"),
        param=error.param if isinstance(error, FieldError) else _PARAMS.get(code),
        code=code,
    )
    fields = problem.model_dump(include=set(ProblemFields.model_fields)) | {"status": status}
    body = OpenAiProblem(**fields, error=told).model_dump(mode="json")
    return Rendered(status, body, {**job_headers(request), **_retry_headers(error)})


def _retry_headers(error: StenopoolError) -> dict[str, str]:
    """By status alone the official clients would repeat a call whose job failed; this header they obey."""
    is_final = error.code in (ErrorCode.JOB_FAILED, ErrorCode.JOB_CANCELLED)
    return {"X-Should-Retry": "false"} if is_final else {}
