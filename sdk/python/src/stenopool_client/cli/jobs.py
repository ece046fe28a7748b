"""``stenopool jobs``, ``status``, ``result``, ``cancel`` and ``retry``."""

import json
from dataclasses import asdict
from itertools import islice
from typing import Annotated, Any

import typer

from stenopool_client import JobStatus
from stenopool_client.cli.ending import printable
from stenopool_client.cli.place import client
from stenopool_client.cli.transcribe import STDOUT, Format, Json, items_of, taken
from stenopool_client.options import JobFilter, SubmitOptions

Jobs = Annotated[list[str], typer.Argument(metavar="JOB…", help="Ids of jobs.")]


def jobs(
    ctx: typer.Context,
    state: Annotated[list[str], typer.Option(help="Only those in this state; several times for several.")] = [],  # noqa: B006 - Typer copies it.
    external_id: Annotated[str, typer.Option(help="Only those submitted under this name.")] = "",
    limit: Annotated[int, typer.Option(help="How many at most.", min=1)] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Lists your jobs, newest first; operators also find here what is done to many."""
    if ctx.invoked_subcommand is not None:
        return
    wanted: JobFilter = {"state": tuple(state)}
    if external_id:
        wanted["external_id"] = external_id
    with client() as api:
        for job in islice(api.list(**wanted), limit):
            _tell(job, as_json)


def status(job_ids: Jobs, as_json: Json = False) -> None:
    """Tells where jobs stand."""
    with client() as api:
        for job_id in job_ids:
            _tell(api.status(job_id), as_json)


def result(
    job_ids: Jobs,
    formats: Format = ["txt"],  # noqa: B006 - Typer copies it.
    out: Annotated[
        str, typer.Option("--out", "-o", help="Folder of the transcripts; without it standard output.")
    ] = STDOUT,
    as_json: Json = False,
) -> None:
    """Waits for jobs to end and gives their transcripts, by the names of their recordings."""
    with client() as api:
        names = [api.status(job_id).filename for job_id in dict.fromkeys(job_ids)]
    items = items_of(names, formats, out)
    for item, job_id in zip(items, dict.fromkeys(job_ids), strict=True):
        item.job_id = job_id
    taken(items, out, SubmitOptions(), 1, as_json)


def cancel(job_ids: Jobs) -> None:
    """Cancels jobs that have not ended; others are left alone."""
    with client() as api:
        for job_id in job_ids:
            typer.echo(f"{job_id} {api.cancel(job_id).status}")


def retry(job_ids: Jobs) -> None:
    """Tries failed or cancelled jobs again, with the recordings that were uploaded."""
    with client() as api:
        for job_id in job_ids:
            typer.echo(f"{job_id} {api.retry(job_id).status}")


def _tell(job: JobStatus, as_json: bool) -> None:
    if as_json:
        told: dict[str, Any] = asdict(job)
        typer.echo(json.dumps(told, default=lambda at: at.isoformat().replace("+00:00", "Z"), ensure_ascii=False))
        return
    why = f"  {job.error.code}: {printable(job.error.message)}" if job.error else ""
    place = f" place {job.position}" if job.position is not None else ""
    typer.echo(f"{job.job_id}  {job.status:<10} {job.progress:4.0%}{place}  {printable(job.filename)}{why}")
