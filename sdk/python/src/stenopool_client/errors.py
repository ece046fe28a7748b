"""Errors, as a tree. Catch ``StenopoolError`` for all of them, ``ApiError`` for what the server refused."""

from typing import ClassVar

from stenopool_client.models import Reason


class StenopoolError(Exception):
    """Whatever this library raises about a call."""


class ConnectionFailedError(StenopoolError):
    """No whole answer came: nobody listens there, the connection broke, or it took too long."""


class UnexpectedAnswerError(StenopoolError):
    """An answer that Stenopool does not give: another server is at this address, or one in between answered."""


class WaitTimeoutError(StenopoolError):
    """The job had not ended in the time that was given. It goes on; wait again by its id."""

    def __init__(self, job_id: str, timeout_s: float) -> None:
        super().__init__(f"job {job_id} has not ended within {timeout_s:g} s; it goes on")
        self.job_id = job_id
        self.timeout_s = timeout_s


class JobError(StenopoolError):
    """A job ended without a transcript."""

    def __init__(self, message: str, job_id: str) -> None:
        super().__init__(message)
        self.job_id = job_id


class JobFailedError(JobError):
    """The job failed; ``reason`` says why."""

    def __init__(self, job_id: str, reason: Reason) -> None:
        super().__init__(_sentence(reason.code, reason.message, reason.hint), job_id)
        self.reason = reason


class JobCancelledError(JobError):
    """The job was cancelled."""

    def __init__(self, job_id: str) -> None:
        super().__init__(f"job {job_id} was cancelled", job_id)


class ApiError(StenopoolError):
    """The server refused. ``code`` is stable, for programs; ``detail`` and ``hint`` are for people."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        hint: str = "",
        request_id: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(_sentence(code, detail, hint))
        self.status = status
        self.code = code
        self.detail = detail
        self.hint = hint
        self.request_id = request_id
        self.retry_after_s = retry_after_s
        """Seconds after which the server said to come again; None where it said nothing."""
        self.error: Reason | None = None
        """With ``job_failed``: why the job failed."""


class BadRequestError(ApiError):
    """400: broken in its form."""


class UnauthorizedError(ApiError):
    """401: no key, or one that is not good."""


class ForbiddenError(ApiError):
    """403: the key is good but may not do this."""


class NotFoundError(ApiError):
    """404: no such job (of yours), or nothing at this address."""


class UploadTooSlowError(ApiError):
    """408: the upload came too slowly."""


class ConflictError(ApiError):
    """409: not in the state that the job is in."""


class NotFinishedError(ConflictError):
    """409 ``not_finished``: the job has not ended yet."""


class GoneError(ApiError):
    """410: it was there, but is not kept any more."""


class FileTooLargeError(ApiError):
    """413: the recording is larger than this installation takes."""


class UnsupportedMediaError(ApiError):
    """415: the content is no known recording."""


class InvalidRequestError(ApiError):
    """422: an option is wrong; ``detail`` names it."""


class RateLimitedError(ApiError):
    """429: too much for now; ``retry_after_s`` says when the next is taken."""


class QuotaExceededError(RateLimitedError):
    """429 ``quota_…``: your tenant has all that it may have."""


class ServerError(ApiError):
    """5xx: not the caller's fault."""


class ServiceUnavailableError(ServerError):
    """503: not now; something that it needs is away, or too much waits."""


class DiskFullError(ServerError):
    """507: the server has no room for the recording."""


class _Family:
    by_code: ClassVar[dict[str, type[ApiError]]] = {
        "not_finished": NotFinishedError,
        "quota_active_jobs": QuotaExceededError,
        "quota_audio": QuotaExceededError,
        "quota_stored": QuotaExceededError,
    }
    by_status: ClassVar[dict[int, type[ApiError]]] = {
        400: BadRequestError,
        401: UnauthorizedError,
        403: ForbiddenError,
        404: NotFoundError,
        408: UploadTooSlowError,
        409: ConflictError,
        410: GoneError,
        413: FileTooLargeError,
        415: UnsupportedMediaError,
        422: InvalidRequestError,
        429: RateLimitedError,
        503: ServiceUnavailableError,
        507: DiskFullError,
    }


def error_class(status: int, code: str) -> type[ApiError]:
    """The narrowest class for a problem."""
    found = _Family.by_code.get(code) or _Family.by_status.get(status)
    return found or (ServerError if status >= 500 else ApiError)


def _sentence(code: str, detail: str, hint: str) -> str:
    return f"{code}: {detail}" + (f" ({hint})" if hint else "")
