"""The OpenAPI document of the OpenAI-compatible door: its form, its answers, its errors."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from api.openai_problems import as_openai
from api.openai_schemas import OpenAiProblem, TranscriptionBody, VerboseBody
from api.problems import STATUS
from api.routes.documents import ACCESS_PROBLEMS, QUOTA_PROBLEMS, events
from api.services.form import FILE_FIELD
from api.services.openai.audio_call import AnswerFormat, Granularity
from api.services.openai.fields import FIELDS, OPTION_FIELDS, Use
from stenopool.errors import ErrorCode
from stenopool.transcripts.formats import Format
from stenopool.transcripts.options import Options

_JOB_HEADER: Final = {"X-Job-Id": {"description": "Id of the job behind the call.", "schema": {"type": "string"}}}

_CHOICES: Final[Mapping[str, Sequence[str]]] = {
    "response_format": list(AnswerFormat),
    "timestamp_granularities": list(Granularity),
}


def openai_problems(*codes: ErrorCode) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of a route of the door that may end with ``codes``: one entry for each status."""
    by_status: dict[int | str, list[str]] = {}
    for code in sorted(dict.fromkeys(codes), key=STATUS.__getitem__):
        by_status.setdefault(as_openai(STATUS[code]), []).append(f"`{code}`")
    texts: dict[int | str, str] = {status: ", ".join(names) for status, names in sorted(by_status.items(), key=str)}
    texts["default"] = "Any other error, for instance `internal_error`"
    return {status: {"model": OpenAiProblem, "description": text} for status, text in texts.items()}


def audio_form() -> dict[str, Any]:
    """The request body of a call, for ``openapi_extra``: the route reads it as a stream, not as parameters."""
    properties: dict[str, Any] = {
        (f"{name}[]" if rule.is_list else name): _property(name, rule.note, is_list=rule.is_list)
        for name, rule in FIELDS.items()
        if rule.use is Use.USED
    }
    own = Options.model_json_schema(by_alias=True)["properties"]
    properties |= {name: own[name] for name in OPTION_FIELDS}
    schema = {"type": "object", "required": [FILE_FIELD], "properties": properties}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


def _property(name: str, note: str, *, is_list: bool) -> dict[str, Any]:
    if name == FILE_FIELD:
        return {"type": "string", "format": "binary", "description": note}
    one: dict[str, Any] = {"type": {"temperature": "number", "stream": "boolean"}.get(name, "string")}
    if name in _CHOICES:
        one["enum"] = [str(choice) for choice in _CHOICES[name]]
    return {"type": "array", "items": one, "description": note} if is_list else {**one, "description": note}


_TEXTS: Final = {
    **{form.media_type: {"schema": {"type": "string"}} for form in (Format.TEXT, Format.SRT, Format.VTT)},
    **events("A delta or the done event, as JSON."),
}

ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "model": TranscriptionBody | VerboseBody,
        "description": "The text, in the form that was asked for",
        "headers": _JOB_HEADER,
        "content": _TEXTS,
    },
    **openai_problems(
        *ACCESS_PROBLEMS,
        ErrorCode.RATE_LIMITED,
        ErrorCode.MALFORMED_UPLOAD,
        ErrorCode.MODEL_NOT_FOUND,
        ErrorCode.UNKNOWN_JOB,
        ErrorCode.JOB_CANCELLED,
        ErrorCode.FILE_TOO_LARGE,
        ErrorCode.NOT_AUDIO,
        ErrorCode.UNSUPPORTED_ENCODING,
        ErrorCode.MISSING_FILE,
        ErrorCode.EMPTY_FILE,
        ErrorCode.INVALID_REQUEST,
        ErrorCode.INVALID_OPTION,
        ErrorCode.UNKNOWN_FIELD,
        ErrorCode.UNSUPPORTED_FIELD,
        ErrorCode.UNDECODABLE_MEDIA,
        ErrorCode.NO_AUDIO,
        ErrorCode.AUDIO_TOO_LONG,
        ErrorCode.DECODE_TIMEOUT,
        ErrorCode.INFECTED,
        ErrorCode.UNSCANNABLE,
        ErrorCode.SCANNER_UNAVAILABLE,
        ErrorCode.LANGUAGE_NOT_SUPPORTED,
        ErrorCode.TASK_NOT_SUPPORTED,
        ErrorCode.INPUT_MISSING,
        ErrorCode.TOO_MANY_JOINED,
        *QUOTA_PROBLEMS,
        ErrorCode.ENGINE_FAILED,
        ErrorCode.ENGINE_TIMEOUT,
        ErrorCode.OUT_OF_MEMORY,
        ErrorCode.WORKER_LOST,
        ErrorCode.SHUTTING_DOWN,
        ErrorCode.NO_WORKER_FOR_MODEL,
        ErrorCode.QUEUE_FULL,
        ErrorCode.LEDGER_UNAVAILABLE,
        ErrorCode.LEDGER_LOST,
        ErrorCode.TRANSIENT_TOO_LONG,
        ErrorCode.STILL_RUNNING,
        ErrorCode.DISK_FULL,
    ),
}
