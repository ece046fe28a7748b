"""The OpenAPI document: what routes say of their errors, and the upload form, which no parameter describes."""

from typing import Any, Final

from fastapi import FastAPI

from api.problems import MEDIA_TYPE, STATUS
from api.schemas import Problem
from api.services.form import FILE_FIELD
from stenopool.errors import ErrorCode
from stenopool.media.kinds import KINDS
from stenopool.transcripts.options import Options

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

_EVERYWHERE: Final = "Any other problem, for instance `internal_error`"


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


def upload_form() -> dict[str, Any]:
    """The request body of a submission, for ``openapi_extra``: the route reads it as a stream, not as parameters."""
    options = Options.model_json_schema(by_alias=True)
    kinds = ", ".join(dict.fromkeys(kind.name for kind in KINDS))
    file = {"type": "string", "format": "binary", "description": f"The recording: {kinds}. Told by its content."}
    schema = {
        "type": "object",
        "required": [FILE_FIELD],
        "properties": {FILE_FIELD: file, **options["properties"]},
        "additionalProperties": False,
    }
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


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
    for path in document["paths"].values():
        for operation in path.values():
            for response in operation["responses"].values():
                content = response.get("content", {})
                if MEDIA_TYPE in content:
                    response["content"] = {MEDIA_TYPE: content["application/json"]}
    return document
