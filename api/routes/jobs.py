"""A job's status, its result, and taking it back."""

from functools import partial

import anyio.to_thread
from fastapi import APIRouter, Response

from api.dependencies import ServicesHere, TenantHere
from api.routes.documents import ACCESS_PROBLEMS, problems
from api.schemas import CancelledBody, ResultBody, StatusBody
from stenopool.audit import Act, audit
from stenopool.errors import ErrorCode
from stenopool.ledger.model import JobView, RunState
from stenopool.transcripts.model import Transcript

router = APIRouter(tags=["jobs"])

_READING = (*ACCESS_PROBLEMS, ErrorCode.UNKNOWN_JOB, ErrorCode.LEDGER_UNAVAILABLE, ErrorCode.LEDGER_LOST)
_ENDINGS = (ErrorCode.NOT_FINISHED, ErrorCode.JOB_FAILED, ErrorCode.JOB_CANCELLED)


@router.get("/status/{job_id}", response_model=StatusBody, operation_id="get_job_status", responses=problems(*_READING))
@router.get("/jobs/{job_id}", response_model=StatusBody, include_in_schema=False)
async def status(job_id: str, services: ServicesHere, tenant: TenantHere) -> StatusBody:
    """Where the job stands."""
    return StatusBody.of(await services.lookup.status(job_id, tenant))


@router.get(
    "/result/{job_id}",
    response_model=ResultBody,
    operation_id="get_result",
    responses=problems(*_READING, *_ENDINGS),
)
@router.get("/jobs/{job_id}/result", response_model=ResultBody, include_in_schema=False)
async def result(job_id: str, services: ServicesHere, tenant: TenantHere) -> Response:
    """The transcript of a completed job; 409 for one that is not."""
    job, transcript = await services.lookup.transcript(job_id, tenant)
    audit(Act.READ_RESULT, job_id=job.job_id)
    # In a thread: the words of three hours take the loop longer than other requests should wait.
    body = await anyio.to_thread.run_sync(partial(_rendered, job, transcript))
    return Response(body, media_type="application/json")


@router.delete(
    "/job/{job_id}",
    response_model=CancelledBody,
    operation_id="cancel_job",
    responses=problems(*_READING, ErrorCode.JOB_ENDED, ErrorCode.DISK_FULL),
)
@router.delete("/jobs/{job_id}", response_model=CancelledBody, include_in_schema=False)
async def cancel(job_id: str, services: ServicesHere, tenant: TenantHere) -> CancelledBody:
    """Takes a job back. Other jobs for the same recording go on; repeating the call answers the same."""
    job = await services.cancellation.cancel(job_id, tenant)
    audit(Act.CANCEL, job_id=job.job_id)
    return CancelledBody(job_id=job.job_id, status=RunState.CANCELLED, message="cancelled")


def _rendered(job: JobView, transcript: Transcript) -> bytes:
    return ResultBody.of(job, transcript).model_dump_json().encode()
