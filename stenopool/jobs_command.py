"""The operator's command ``stenopool jobs retry``: for the morning after, when many jobs failed by one cause.

Works on ledger and store of this installation, by the operation that the API uses. A job is taken back into the queue only
as its client could do it: its recording is still there, and it is in the state that was asked for.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Annotated, Final

import typer

from stenopool.audit import Act, audit
from stenopool.clock import from_ms, utc_now
from stenopool.durations import parse_duration
from stenopool.errors import ErrorCode, StenopoolError, UsageError
from stenopool.ledger import operations as op
from stenopool.ledger import removal
from stenopool.ledger.ledger import Ledger
from stenopool.ledger.model import JobView, RetryOutcome, RunState
from stenopool.logs import bind, configure_logs
from stenopool.media.local_store import LocalStore
from stenopool.media.manifest import read_manifest
from stenopool.media.removal import is_of_ledger
from stenopool.media.store import Store, manifest_key
from stenopool.queueing.bell import Bell
from stenopool.redis_pools import redis_client
from stenopool.retrying import Retry, retry_draft
from stenopool.settings import Settings, load_settings
from stenopool.stored_jobs import former_try, submission_of

jobs_app = typer.Typer(help="Jobs of all tenants.", no_args_is_help=True)

_PAGE: Final = 500
_TRIED: Final = (RetryOutcome.CREATED, RetryOutcome.JOINED, RetryOutcome.HIT)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which failed jobs are meant."""

    since: datetime
    code: str = ""
    """Empty: whatever they failed with."""
    tenant: str = ""
    """Empty: everybody's."""

    def has(self, job: JobView) -> bool:
        """Whether it is one of them."""
        return (
            job.state is RunState.FAILED
            and job.ended_ms is not None
            and from_ms(job.ended_ms) >= self.since
            and self.code in ("", job.reason)
        )


@jobs_app.callback()
def _of_jobs() -> None:
    """Keeps ``retry`` a command of its own: Typer makes a lone one the whole."""


@jobs_app.command()
def retry(
    failed: Annotated[bool, typer.Option("--failed", help="Those that failed; must be said.")] = False,
    since: Annotated[str, typer.Option(help="That failed no longer ago than this, as 2h or 3d.")] = "24h",
    code: Annotated[str, typer.Option(help="That failed with this code, as worker_lost; without it any.")] = "",
    tenant: Annotated[str, typer.Option(help="Of this tenant; without it all.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only counts them.")] = False,
) -> None:
    """Tries failed jobs again and prints how many."""
    if not failed:
        raise typer.BadParameter("say --failed: only failed jobs are tried again", param_hint="--failed")
    with _operators() as (settings, ledger, store):
        wanted = Wanted(utc_now() - _span(since), _code(code), tenant)
        if dry_run:
            print(sum(1 for _ in failed_jobs(ledger, wanted)))  # noqa: T201 - the answer of a command.
            return
        _require_store(ledger, store)
        outcomes = Counter(
            retry_job(ledger, store, job, settings.max_queued_jobs) for job in list(failed_jobs(ledger, wanted))
        )
        print(sum(outcomes[outcome] for outcome in _TRIED))  # noqa: T201
        for outcome, number in sorted(outcomes.items()):
            if outcome not in _TRIED:
                _remark(f"{number} not: {outcome}")


def failed_jobs(ledger: Ledger, wanted: Wanted) -> Iterator[JobView]:
    """The jobs that are meant. Two round trips for each page of jobs that ended, one for each job of the tenant."""
    seen: set[str] = set()
    cursor = "0"
    while True:
        page = ledger.do(removal.ended_jobs(cursor, _PAGE))
        for ended in page.jobs:
            if ended.job_id in seen or wanted.tenant not in ("", ended.tenant):
                continue
            seen.add(ended.job_id)
            job = ledger.do(op.view(ended.job_id, ended.tenant)).job
            if job is not None and wanted.has(job):
                yield job
        cursor = page.cursor
        if cursor == "0":
            return


def retry_job(ledger: Ledger, store: Store, job: JobView, max_waiting: int) -> RetryOutcome:
    """Tries one job again, by the steps of the API: first the manifest says so, then the ledger.

    Raises:
        TransientError: ``ledger_unavailable``, ``store_unavailable`` or ``disk_full``.
    """
    key = manifest_key(date.fromisoformat(job.manifest_day), job.job_id)
    identity = ledger.do(op.pool_view(job.pool)).identity
    try:
        before = read_manifest(store.get(key))
    except (KeyError, ValueError):
        return RetryOutcome.NEED_MEDIA
    if not store.exists(before.media_key):
        return RetryOutcome.NEED_MEDIA
    draft = retry_draft(before, Retry(identity or before.identity, former_try(store, before), job.audio_s))
    store.replace(key, draft.to_bytes())
    answer = ledger.do(op.retry(replace(submission_of(draft, has_media=True), max_waiting=max_waiting)))
    if answer.outcome in _TRIED:
        in_force = {
            "transcription_id": answer.transcription_id,
            "media_key": answer.media_key or draft.media_key,
            "run_number": answer.run_number,
        }
        store.replace(key, draft.model_copy(update=in_force).to_bytes())
        audit(Act.RETRY, job_id=job.job_id, tenant=job.tenant)
    elif answer.outcome is RetryOutcome.UNKNOWN:
        viewed = ledger.do(op.view(job.job_id, job.tenant))
        if viewed.job is None and not viewed.ledger_lost:
            # Deleted meanwhile: what was written here must not bring it back.
            store.delete(key)
    elif answer.outcome not in (RetryOutcome.REFUSED_STATE, RetryOutcome.LEDGER_LOST):
        store.replace(key, before.to_bytes())
    return answer.outcome


@contextmanager
def _operators() -> Iterator[tuple[Settings, Ledger, Store]]:
    """Ledger and store of this installation; an error of ours ends the command with one line."""
    try:
        settings = load_settings()
        configure_logs(settings, "cli")
        bell = Bell(settings)
        try:
            with redis_client(settings.redis_address) as client, bind(who="operator"):
                yield settings, Ledger(client, bell.ring), LocalStore(settings.data_dir / "store")
        finally:
            bell.close()
    except StenopoolError as error:
        _remark(f"stenopool: {error.message}" + (f": {error.hint}" if error.hint else ""))
        raise typer.Exit(1) from None


def _require_store(ledger: Ledger, store: Store) -> None:
    if not is_of_ledger(store, ledger.do(op.read_epoch())):
        raise UsageError(ErrorCode.SETTINGS_WRONG, "ledger and store are not of one installation", "see DATA_DIR")


def _span(text: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--since") from None


def _code(text: str) -> str:
    if text and text not in set(ErrorCode):
        raise typer.BadParameter("there is no such code; docs/reference/http.md lists them", param_hint="--code")
    return text


def _remark(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 - said to the operator.
