"""Events of all your jobs in one stream: a browser has six connections for a site."""

import asyncio
import json
import re
from collections.abc import AsyncGenerator
from typing import Final

from fastapi import APIRouter, Request, Response

from api.dependencies import ListingTenantHere, Services, ServicesHere
from api.event_schemas import JobChangeBody, JobsProgressBody
from api.routes.documents import ACCESS_PROBLEMS, problems
from api.routes.events import LAST_HEADER, STREAM, LastEventId
from api.schemas import ReasonBody
from api.services.deadline import LEDGER_DEADLINE_S
from api.services.events.hub import HubClosedError
from api.services.events.tenant_reel import TenantEvent, TenantReel
from api.streams import PING_S, RETRY, event, event_stream, place_mark
from stenopool.errors import ErrorCode, TransientError
from stenopool.reasons import reason

router = APIRouter(tags=["events"])

_PLACE: Final = re.compile(r"\d{1,16}")


@router.get(
    "/jobs/events",
    response_class=Response,
    operation_id="follow_jobs",
    responses={
        200: STREAM,
        **problems(
            *ACCESS_PROBLEMS,
            ErrorCode.NO_JOB_LIST,
            ErrorCode.TOO_MANY_LISTENERS,
            ErrorCode.LEDGER_UNAVAILABLE,
            ErrorCode.SHUTTING_DOWN,
        ),
    },
    openapi_extra={"parameters": [LAST_HEADER]},
)
async def follow_jobs(
    request: Request, services: ServicesHere, tenant: ListingTenantHere, last_event_id: LastEventId = None
) -> Response:
    """What becomes of all your jobs from now on, or from `Last-Event-ID` on. It does not end by itself.

    Events are `queued`, `processing`, `completed`, `failed`, `cancelled` of a job; `progress`, `segment` and
    `span_restarted` of the jobs that share a transcription; and `reload`: changes may have been missed, load the list again.

    "Now" is before the answer begins: who loads the list once the stream is open misses nothing between the two.
    """
    services.hub.require_place()
    told = request.headers.get("last-event-id") or last_event_id
    reel = TenantReel(tenant, _place(told))
    if reel.after is None:
        await _begin(services, reel)
    return event_stream(_stream(services, reel), {})


async def _begin(services: Services, reel: TenantReel) -> None:
    try:
        answer = await services.hub.tenant(reel.question(), LEDGER_DEADLINE_S, at_once=True)
    except HubClosedError:
        raise TransientError(ErrorCode.SHUTTING_DOWN, "this process is stopping", "try again") from None
    if answer is None:
        raise TransientError(ErrorCode.LEDGER_UNAVAILABLE, "the ledger does not answer")
    reel.begin(answer)


def _place(told: str | None) -> int | None:
    """The event that the client names. What is no number was before all that is known."""
    if not told:
        return None
    return int(told) if _PLACE.fullmatch(told) else 0


async def _stream(services: Services, reel: TenantReel) -> AsyncGenerator[bytes, None]:
    loop = asyncio.get_running_loop()
    at_once = True
    with services.hub.listening():
        try:
            # A client that is cut off before anything happens comes back from here.
            yield place_mark(str(reel.after))
            while True:
                answer = await services.hub.tenant(reel.question(), PING_S, at_once=at_once)
                if answer is None:
                    continue
                known = None
                for one in reel.hear(answer, loop.time()):
                    known = one.place or known
                    yield _written(one)
                if known != reel.after:
                    # Also where nothing was told: the client comes back from here and not from an hour ago.
                    yield place_mark(str(reel.after))
                at_once = reel.is_behind
        except HubClosedError:
            yield RETRY


def _written(one: TenantEvent) -> bytes:
    place = None if one.place is None else str(one.place)
    return event(_data(one), one.name, place)


def _data(one: TenantEvent) -> str:
    if one.change is not None:
        why = reason(one.change.code, one.change.detail or None) if one.change.code else None
        error = ReasonBody.of(why) if why else None
        return JobChangeBody(job_id=one.change.job, status=one.change.state, error=error).model_dump_json()
    if one.text is None:
        return "{}"
    job_ids = json.dumps(one.text.job_ids, separators=(",", ":"))
    if one.segment is not None:
        # Put together and not parsed: the worker has made this JSON, and there are many.
        return f'{{"job_ids":{job_ids},"span":{one.span},"segment":{one.segment}}}'
    if one.span is not None:
        return f'{{"job_ids":{job_ids},"span":{one.span}}}'
    return JobsProgressBody.of(one.text).model_dump_json()
