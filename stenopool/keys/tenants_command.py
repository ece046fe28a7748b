"""The operator's command for what tenants may have: ``stenopool tenants set`` and ``list``; as ``stenopool keys``."""

from typing import Annotated, Final

import typer

from stenopool.audit import Act, audit
from stenopool.clock import utc_now
from stenopool.keys.command import operators_book, remark
from stenopool.keys.limits import TenantLimits

tenants_app = typer.Typer(help="What tenants may have.", no_args_is_help=True)

_IN_FORCE_S: Final = 30
"""As long as an API process trusts what it has read (``api.services.quotas``)."""


@tenants_app.command("set")
def set_limits(
    tenant: Annotated[str, typer.Argument(help="Whose limits.")],
    active_jobs: Annotated[int | None, typer.Option(min=0, help="Jobs that have not ended; 0 = any number.")] = None,
    audio_minutes: Annotated[int | None, typer.Option(min=0, help="Minutes of audio in a day; 0 = any.")] = None,
    stored_mb: Annotated[int | None, typer.Option(min=0, help="MiB of recordings in the store; 0 = any.")] = None,
    reset: Annotated[bool, typer.Option("--reset", help="First forgets all of its own: as the settings say.")] = False,
) -> None:
    """Gives a tenant limits of its own in place of the settings'; what is not named stays as it is."""
    with operators_book() as (book, _settings):
        now = utc_now()
        given = TenantLimits(active_jobs=active_jobs, audio_minutes_per_day=audio_minutes, stored_mb=stored_mb)
        known = None if reset else book.tenant(tenant)
        book.set_limits(tenant, given if known is None else given.over(known.limits), now)
        audit(Act.SET_LIMITS, tenant=tenant)
        remark(f"limits of tenant {tenant} are changed; in force within {_IN_FORCE_S} s")


@tenants_app.command("list")
def list_tenants() -> None:
    """Lists the tenants that have a record, with the limits that are their own; - is as the settings say."""
    with operators_book() as (book, _settings):
        print("tenant\tactive jobs\taudio minutes a day\tstored MiB\tcreated")  # noqa: T201 - the answer of a command.
        for record in book.tenants():
            limits = (record.limits.active_jobs, record.limits.audio_minutes_per_day, record.limits.stored_mb)
            shown = ("-" if limit is None else str(limit) for limit in limits)
            print("\t".join([record.tenant, *shown, record.created_at.date().isoformat()]))  # noqa: T201
