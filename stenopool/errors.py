"""The three families of errors, each error with a stable code that clients may rely on.

``UsageError``: the caller's doing, repeating it unchanged is useless. ``TransientError``: try again later.
``FatalError``: ours. The worker reads blame off the family (input, nobody, unit), the API its HTTP status off the
code (``api/problems.py``, the only place where HTTP appears).
"""

from enum import StrEnum


class ErrorCode(StrEnum):
    """Every code that a client can meet, in an HTTP problem or as the reason of a failed job."""

    # The request.
    UNKNOWN_JOB = "unknown_job"
    NOT_FINISHED = "not_finished"
    JOB_FAILED = "job_failed"
    JOB_CANCELLED = "job_cancelled"
    JOB_ENDED = "job_ended"
    NOT_RETRYABLE = "not_retryable"
    RESULT_EXPIRED = "result_expired"
    MEDIA_EXPIRED = "media_expired"
    RANGE_NOT_SATISFIABLE = "range_not_satisfiable"
    LINK_EXPIRED = "link_expired"
    INVALID_REQUEST = "invalid_request"
    INVALID_OPTION = "invalid_option"
    UNKNOWN_FIELD = "unknown_field"
    UNSUPPORTED_FIELD = "unsupported_field"
    MODEL_NOT_FOUND = "model_not_found"
    MODEL_NOT_OFFERED = "model_not_offered"
    MISSING_FILE = "missing_file"
    EMPTY_FILE = "empty_file"
    NOT_AUDIO = "not_audio"
    FILE_TOO_LARGE = "file_too_large"
    MALFORMED_UPLOAD = "malformed_upload"
    UPLOAD_TOO_SLOW = "upload_too_slow"
    UNSUPPORTED_ENCODING = "unsupported_encoding"
    TOO_MANY_JOINED = "too_many_joined"
    QUOTA_ACTIVE_JOBS = "quota_active_jobs"
    QUOTA_AUDIO = "quota_audio"
    QUOTA_STORED = "quota_stored"
    IDEMPOTENCY_CONFLICT = "idempotency_conflict"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    # The caller.
    UNAUTHENTICATED = "unauthenticated"
    BAD_SIGNATURE = "bad_signature"
    SCOPE_MISSING = "scope_missing"
    LOCAL_ONLY = "local_only"
    CROSS_SITE = "cross_site"
    BAD_HOST = "bad_host"
    NO_JOB_LIST = "no_job_list"
    RATE_LIMITED = "rate_limited"
    # The platform, for now.
    NO_WORKER_FOR_MODEL = "no_worker_for_model"
    QUEUE_FULL = "queue_full"
    LEDGER_UNAVAILABLE = "ledger_unavailable"
    LEDGER_LOST = "ledger_lost"
    STORE_UNAVAILABLE = "store_unavailable"
    SCANNER_UNAVAILABLE = "scanner_unavailable"
    DISK_FULL = "disk_full"
    TOO_MANY_LISTENERS = "too_many_listeners"
    SHUTTING_DOWN = "shutting_down"
    STILL_RUNNING = "still_running"
    # The platform, for good.
    INTERNAL_ERROR = "internal_error"
    SETTINGS_WRONG = "settings_wrong"
    WEIGHTS_MISSING = "weights_missing"
    # The recording: reasons of failed jobs.
    UNDECODABLE_MEDIA = "undecodable_media"
    NO_AUDIO = "no_audio"
    AUDIO_TOO_LONG = "audio_too_long"
    QUOTA_EXCEEDED = "quota_exceeded"
    DECODE_TIMEOUT = "decode_timeout"
    INFECTED = "infected"
    UNSCANNABLE = "unscannable"
    INPUT_MISSING = "input_missing"
    LANGUAGE_NOT_SUPPORTED = "language_not_supported"
    TASK_NOT_SUPPORTED = "task_not_supported"
    # The work: reasons of failed jobs.
    ENGINE_FAILED = "engine_failed"
    ENGINE_TIMEOUT = "engine_timeout"
    OUT_OF_MEMORY = "out_of_memory"
    WORKER_LOST = "worker_lost"
    TRANSIENT_TOO_LONG = "transient_too_long"


class StenopoolError(Exception):
    """Base of all. ``message`` says what happened, ``hint`` what to change; neither holds internals or secrets."""

    def __init__(self, code: ErrorCode, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.code}: {self.message}" + (f" ({self.hint})" if self.hint else "")


class UsageError(StenopoolError):
    """The caller's: the same call will fail again."""


class TransientError(StenopoolError):
    """Nobody's: the same call may succeed later. ``retry_after_s`` is a suggestion in seconds."""

    def __init__(self, code: ErrorCode, message: str, hint: str = "", retry_after_s: int = 5) -> None:
        super().__init__(code, message, hint)
        self.retry_after_s = retry_after_s


class LedgerFullError(TransientError):
    """Redis has no memory left and refused the whole script: nothing of the call has happened, which is certain."""

    def __init__(self) -> None:
        super().__init__(ErrorCode.LEDGER_UNAVAILABLE, "the ledger has no room left", retry_after_s=30)


class FatalError(StenopoolError):
    """Ours: a fault, a broken machine or a wrong setting."""
