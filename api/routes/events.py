"""Events: what becomes of a job while it does, as Server-Sent Events."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response

from api.dependencies import Services, ServicesHere, TenantHere
from api.event_schemas import SpanRestartedBody
from api.routes.documents import ACCESS_PROBLEMS, events, problems
from api.schemas import StatusBody
from api.services.events.event import Event
from api.services.events.hub import HubClosedError
from api.services.events.places import JobPlace
from api.streams import RETRY, event, event_stream
from stenopool.audit import Act, audit
from stenopool.errors import ErrorCode, StenopoolError
from stenopool.ledger.model import JobView
from stenopool.logs import get_logger

router = APIRouter(tags=["events"])

_AWAY: Final = (ErrorCode.LEDGER_UNAVAILABLE, ErrorCode.LEDGER_LOST, ErrorCode.SHUTTING_DOWN)
STREAM: Final[dict[str, Any]] = {
    "description": "Server-Sent Events",
    "content": events("JSON, by the kind of event."),
}
LAST_HEADER: Final = {
    "name": "Last-Event-ID",
    "in": "header",
    "schema": {"type": "string"},
    "description": "The last `id` that you have; what follows it is sent. `EventSource` sends it by itself.",
}

LastEventId = Annotated[
    str | None, Query(description="As the header, for clients that cannot set one. The header counts first.")
]

_log = get_logger(__name__)


@router.get(
    "/jobs/{job_id}/events",
    response_class=Response,
    operation_id="follow_job",
    responses={
        200: STREAM,
        204: {"description": "You have all events, the last one included; `EventSource` stops asking then"},
        **problems(*ACCESS_PROBLEMS, ErrorCode.UNKNOWN_JOB, ErrorCode.TOO_MANY_LISTENERS, *_AWAY),
    },
    openapi_extra={"parameters": [LAST_HEADER]},
)
async def follow_job(
    job_id: str, request: Request, services: ServicesHere, tenant: TenantHere, last_event_id: LastEventId = None
) -> Response:
    """What becomes of the job, until it has ended: its states, progress, and the text as it is recognised.

    Events are `queued`, `processing`, `progress`, `segment`, `span_restarted`, `completed`, `failed`, `cancelled`. First
    comes where the job is now. After a cut the stream goes on behind `Last-Event-ID`.
    """
    job = await services.lookup.job(job_id, tenant)
    place = place_of(request, last_event_id)
    if place is not None and place.ended is job.state and place.is_in(job.transcription_id):
        return Response(status_code=204)
    services.hub.require_place()
    audit(Act.READ_RESULT, job_id=job_id)
    return event_stream(_job_stream(services, job, place), {})


def place_of(request: Request, last_event_id: str | None) -> JobPlace | None:
    """Where the client says it was."""
    told = request.headers.get("last-event-id") or last_event_id
    return JobPlace.parse(told) if told else None


async def _job_stream(services: Services, job: JobView, place: JobPlace | None) -> AsyncGenerator[bytes, None]:
    with services.hub.listening():
        try:
            async with aclosing(services.following.events(job, place)) as told:
                async for one in told:
                    yield await _written(services, job.job_id, one)
        except (HubClosedError, StenopoolError) as error:
            # The stream has begun, so there is no status left to tell it by. What goes on is asked for anew.
            if isinstance(error, StenopoolError):
                _log.warning("stream_broken_off", code=str(error.code))
            yield RETRY


async def _written(services: Services, job_id: str, one: Event) -> bytes:
    if one.job is not None:
        data = StatusBody.of(await services.lookup.shown(one.job)).model_dump_json()
    elif one.segment is not None:
        # Put together and not parsed: the worker has made this JSON, and there are many.
        span = "null" if one.span is None else one.span
        data = f'{{"job_id":"{job_id}","span":{span},"segment":{one.segment}}}'
    else:
        data = SpanRestartedBody(job_id=job_id, span=one.span).model_dump_json()
    return event(data, one.name, one.place)
