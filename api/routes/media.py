"""The recording of a job, to be played: with a key, or by a link for players that can send none."""

from typing import Any, Final

from fastapi import APIRouter, Request, Response

from api.dependencies import ReadingTenantHere, Services, ServicesHere, TenantHere
from api.disposition import content_disposition
from api.file_answers import file_answer
from api.media_schemas import MediaLinkBody
from api.polling import is_known, known_tags
from api.ranges import ByteRange, wished_range
from api.routes.documents import ACCESS_PROBLEMS, problems
from api.services.media import Media
from stenopool.audit import Act, audit
from stenopool.errors import ErrorCode
from stenopool.logs import bind_from_here
from stenopool.media.kinds import KINDS

router = APIRouter(tags=["media"])

_PLAYED: Final = "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"
"""A browser that is led to a recording may play it, in a box of its own, and nothing else."""

_TEXT: Final = {"type": "string"}
_BYTES: Final[dict[str, Any]] = {
    media_type: {"schema": {"type": "string", "format": "binary"}}
    for media_type in dict.fromkeys(kind.media_type for kind in KINDS)
}
_HEADERS: Final = {
    "ETag": {"description": "Names the recording by its content; strong.", "schema": _TEXT},
    "Accept-Ranges": {"description": "`bytes`", "schema": _TEXT},
    "Content-Disposition": {"description": "`inline`, and a safe form of the file's name.", "schema": _TEXT},
}
_IN_PART: Final = {**_HEADERS, "Content-Range": {"description": "`bytes first-last/size`", "schema": _TEXT}}
_ASKED: Final = [
    {
        "name": "Range",
        "in": "header",
        "schema": _TEXT,
        "description": "One range, as `bytes=0-1023`; with several the whole recording is sent.",
        "example": "bytes=0-1023",
    },
    {"name": "If-Range", "in": "header", "schema": _TEXT, "description": "`ETag` of what you have a part of."},
    {"name": "If-None-Match", "in": "header", "schema": _TEXT, "description": "`ETag` of what you have."},
]
_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The recording as it was uploaded", "content": _BYTES, "headers": _HEADERS},
    206: {"description": "The range that was asked for", "content": _BYTES, "headers": _IN_PART},
    304: {"description": "It is what you have", "headers": _HEADERS},
}
_PROBLEMS: Final = (
    ErrorCode.UNKNOWN_JOB,
    ErrorCode.MEDIA_EXPIRED,
    ErrorCode.RANGE_NOT_SATISFIABLE,
    ErrorCode.LEDGER_UNAVAILABLE,
    ErrorCode.LEDGER_LOST,
    ErrorCode.STORE_UNAVAILABLE,
)
_BY_KEY: Final[dict[str, Any]] = {
    "response_class": Response,
    "responses": {**_ANSWERS, **problems(*_PROBLEMS, *ACCESS_PROBLEMS)},
    "openapi_extra": {"parameters": _ASKED},
}
_BY_LINK: Final[dict[str, Any]] = {
    "response_class": Response,
    "responses": {
        **_ANSWERS,
        **problems(*_PROBLEMS, ErrorCode.NOT_FOUND, ErrorCode.LINK_EXPIRED, ErrorCode.BAD_HOST),
    },
    "openapi_extra": {"parameters": _ASKED},
}


@router.get("/jobs/{job_id}/media", operation_id="get_media", **_BY_KEY)
@router.head("/jobs/{job_id}/media", operation_id="head_media", **_BY_KEY)
async def media(job_id: str, request: Request, services: ServicesHere, tenant: TenantHere) -> Response:
    """The recording as it was uploaded, whole or a range of it. 410 when it is not kept any more."""
    return await _sent(request, services, await services.media.media(job_id, tenant), job_id)


@router.post(
    "/jobs/{job_id}/media-link",
    status_code=201,
    response_model=MediaLinkBody,
    operation_id="make_media_link",
    responses={
        201: {"headers": {"Location": {"description": "The link.", "schema": _TEXT}}},
        **problems(
            *(code for code in _PROBLEMS if code is not ErrorCode.RANGE_NOT_SATISFIABLE),
            ErrorCode.DISK_FULL,
            *ACCESS_PROBLEMS,
        ),
    },
)
async def make_link(
    job_id: str, response: Response, services: ServicesHere, tenant: ReadingTenantHere
) -> MediaLinkBody:
    """A link under which the recording, and nothing else, can be played for a while without a key."""
    await services.media.media(job_id, tenant)
    link = await services.media_links.make(job_id, tenant)
    audit(Act.LINK_MEDIA, job_id=job_id)
    body = MediaLinkBody(url=f"/media/{link.token}", expires_at=link.expires_at)
    response.headers["Location"] = body.url
    response.headers["Cache-Control"] = "no-store"
    return body


@router.get("/media/{token}", operation_id="play_media", **_BY_LINK)
@router.head("/media/{token}", operation_id="head_linked_media", **_BY_LINK)
async def linked_media(token: str, request: Request, services: ServicesHere) -> Response:
    """The recording that a link opens: for audio elements, which send no key.

    404 for what is no link, 403 `link_expired` for one that has run out.
    """
    link = await services.media_links.read(token)
    bind_from_here(tenant=link.tenant, who="link")
    response = await _sent(request, services, await services.media.media(link.job_id, link.tenant), link.job_id)
    # The page that plays it may come from another origin; what opens it is the link.
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


async def _sent(request: Request, services: Services, found: Media, job_id: str) -> Response:
    headers = _headers(found)
    if is_known(headers["ETag"], known_tags(request.headers)):
        return Response(status_code=304, headers=headers)
    if request.method == "HEAD":
        # Range is for GET alone (RFC 9110, 14.2).
        return Response(headers={**headers, "Content-Length": str(found.size_bytes)})
    wished = request.headers.get("range") if _still_the_same(request, headers["ETag"]) else None
    part = wished_range(wished, found.size_bytes)
    if part is not None:
        headers["Content-Range"] = f"bytes {part.first}-{part.last}/{found.size_bytes}"
    file = await services.media.open(found)
    audit(Act.READ_MEDIA, job_id=job_id)
    return file_answer(file, part or ByteRange(0, found.size_bytes - 1), 206 if part else 200, headers)


def _still_the_same(request: Request, tag: str) -> bool:
    """Whether the client's part is of this very recording. Dates are not compared: none is sent."""
    return request.headers.get("if-range", tag).strip() == tag


def _headers(found: Media) -> dict[str, str]:
    return {
        "Content-Type": found.media_type,
        "Content-Disposition": content_disposition(
            "inline" if found.extension else "attachment",
            found.name.rpartition(".")[0] or found.name,
            found.extension,
            unnamed="recording",
        ),
        "ETag": f'"{found.fingerprint}"',
        "Accept-Ranges": "bytes",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": _PLAYED,
    }
