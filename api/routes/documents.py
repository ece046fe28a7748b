"""The OpenAPI document: what routes say of their errors, and what a submission takes, which no parameter describes."""

from typing import Any, Final

from fastapi import FastAPI

from api.problems import MEDIA_TYPE, STATUS
from api.schemas import Problem
from api.services.form import FILE_FIELD
from api.services.job_request import MAX_EXTERNAL_ID_CHARS, MAX_KEY_CHARS, MAX_METADATA_BYTES
from stenopool.errors import ErrorCode
from stenopool.media.kinds import KINDS
from stenopool.transcripts.options import Options
from stenopool.webhooks.receivers import MAX_URL_CHARS

ACCESS_PROBLEMS: Final = (
    ErrorCode.BAD_HOST,
    ErrorCode.UNAUTHENTICATED,
    ErrorCode.BAD_SIGNATURE,
    ErrorCode.SCOPE_MISSING,
    ErrorCode.LOCAL_ONLY,
    ErrorCode.CROSS_SITE,
    ErrorCode.STORE_UNAVAILABLE,
)
"""How every route that asks who calls may end."""

QUOTA_PROBLEMS: Final = (ErrorCode.QUOTA_ACTIVE_JOBS, ErrorCode.QUOTA_AUDIO, ErrorCode.QUOTA_STORED)
"""What a tenant is told that has all it may have."""

_EVERYWHERE: Final = "Any other problem, for instance `internal_error`"

_CREDENTIALS: Final[dict[str, dict[str, Any]]] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A key (`sk_…`) or a token (JWT)."},
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "A key (`sk_…`)."},
}

_SPAN: Final = "^(0|[1-9][0-9]{0,5})[smhd]$"

_JOB_FIELDS: Final[dict[str, dict[str, Any]]] = {
    "model": {
        "type": "string",
        "description": "A model that the operator runs; the first of them where none is named.",
    },
    "external_id": {
        "type": "string",
        "maxLength": MAX_EXTERNAL_ID_CHARS,
        "description": "Your own name for the job; jobs are found by it.",
    },
    "webhook_url": {
        "type": "string",
        "format": "uri",
        "maxLength": MAX_URL_CHARS,
        "description": "Told by a signed POST how the job ended (Standard Webhooks).",
    },
    "media_ttl": {
        "type": "string",
        "pattern": _SPAN,
        "examples": ["15m"],
        "description": "How long after the job's end its recording is kept: shorter than the operator's `MEDIA_TTL`, and "
        "than `FAILED_MEDIA_TTL` where the job fails.",
    },
    "result_ttl": {
        "type": "string",
        "pattern": _SPAN,
        "examples": ["7d"],
        "description": "How long after the job's end its transcript is kept: shorter than the operator's `RESULT_TTL`.",
    },
    "metadata": {
        "type": "string",
        "contentMediaType": "application/json",
        "contentSchema": {"type": "object"},
        "maxLength": MAX_METADATA_BYTES,
        "description": "A JSON object that comes back with status and list.",
    },
}
_SUBMIT_HEADERS: Final[list[dict[str, Any]]] = [
    {
        "name": "Idempotency-Key",
        "in": "header",
        "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY_CHARS, "pattern": "^[!-~]+$"},
        "description": "Makes a repeated request the same job, for a day.",
    },
    {
        "name": "X-File-Name",
        "in": "header",
        "schema": {"type": "string"},
        "description": "Name of the file where the body is the recording itself; percent-encoded UTF-8, for display.",
    },
]


def problems(*codes: ErrorCode) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of a route that may end with ``codes``: one entry for each status, naming its codes."""
    by_status: dict[int | str, list[str]] = {}
    for code in sorted(dict.fromkeys(codes), key=STATUS.__getitem__):
        by_status.setdefault(STATUS[code], []).append(f"`{code}`")
    texts: dict[int | str, str] = {status: ", ".join(names) for status, names in by_status.items()}
    # With a default FastAPI does not add its own 422, which no route here answers.
    texts["default"] = _EVERYWHERE
    return {
        status: {"model": Problem, "description": text, "content": {MEDIA_TYPE: {}}} for status, text in texts.items()
    }


def upload() -> dict[str, Any]:
    """Body and parameters of a submission, for ``openapi_extra``: the route reads them from a stream and a header."""
    fields = {**Options.model_json_schema(by_alias=True)["properties"], **_JOB_FIELDS}
    kinds = ", ".join(dict.fromkeys(kind.name for kind in KINDS))
    file = {"type": "string", "format": "binary", "description": f"The recording: {kinds}. Told by its content."}
    form = {
        "type": "object",
        "required": [FILE_FIELD],
        "properties": {FILE_FIELD: file, **fields},
        "additionalProperties": False,
    }
    raw = {media_type: {"schema": file} for media_type in ("audio/*", "video/*", "application/octet-stream")}
    in_query = [
        {
            "name": name,
            "in": "query",
            "schema": schema,
            "description": " ".join([schema.get("description", ""), "With a form it stands in the form."]).lstrip(),
        }
        for name, schema in fields.items()
    ]
    return {
        "parameters": [*_SUBMIT_HEADERS, *in_query],
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": form}, **raw}},
    }


def events(data: str) -> dict[str, Any]:
    """The ``content`` of a stream of events whose ``data`` is what is said here. OpenAPI 3.1 describes one event of it."""
    texts: dict[str, dict[str, str]] = {
        "data": {"type": "string", "description": data},
        "event": {"type": "string"},
        "id": {"type": "string"},
    }
    return {"text/event-stream": {"schema": {"type": "object", "properties": texts}}}


def document_problems(app: FastAPI) -> None:
    """Makes the document name problems by their own media type only; FastAPI adds the route's as well."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _tidied(made())
        return app.openapi_schema

    # FastAPI's documented way to change the document is to replace this method.
    app.openapi = openapi  # type: ignore[method-assign]


def _tidied(document: dict[str, Any]) -> dict[str, Any]:
    document["components"]["securitySchemes"] = _CREDENTIALS
    for path in document["paths"].values():
        for operation in path.values():
            if "401" in operation["responses"]:
                # One of them; and none, where no key was ever made.
                operation["security"] = [*({name: []} for name in _CREDENTIALS), {}]
            for response in operation["responses"].values():
                content = response.get("content", {})
                if MEDIA_TYPE in content:
                    response["content"] = {MEDIA_TYPE: content["application/json"]}
    return document
