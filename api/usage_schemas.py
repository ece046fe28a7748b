"""What a tenant had done, as it goes over the wire: JSON, and a table for spreadsheets."""

import csv
import io
import re
from datetime import date
from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from api.schemas import Body
from api.services.usage import MOST_DAYS, UsageDay, UsageReport
from stenopool.ledger.model import DayCounts

CSV_TYPE: Final = "text/csv"

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

_TABLE_TYPES: Final = (CSV_TYPE, "text/*")

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet take a cell for a formula (OWASP, "CSV Injection")."""


def _written_out(value: object) -> object:
    # pydantic takes a bare number for seconds since 1970.
    if isinstance(value, str) and _DAY.fullmatch(value) is None:
        raise ValueError("a day is written as 2026-11-25")
    return value


WrittenDay = Annotated[date, BeforeValidator(_written_out)]
"""A day as RFC 3339 writes it, and no other way."""


class UsageFormat(StrEnum):
    """How usage is handed out."""

    JSON = "json"
    CSV = "csv"


class UsageQuery(BaseModel):
    """Which days of usage are asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=False, validate_by_alias=True)

    first: WrittenDay | None = Field(None, alias="from", description="First day (UTC); by default 29 days before `to`.")
    last: WrittenDay | None = Field(
        None, alias="to", description=f"Last day, which is included; by default today. At most {MOST_DAYS} days."
    )
    group: Literal["day"] = Field("day", description="What is added up.")
    format: UsageFormat | None = Field(None, description="Wins over `Accept`.")


class UsageCounts(Body):
    """What a tenant had done."""

    jobs: int = Field(description="Jobs taken in.")
    cache_hits: int = Field(description="Those answered from a finished transcription.")
    joined: int = Field(description="Those that joined a running transcription.")
    failed: int = Field(description="Jobs that failed, whenever they came.")
    bytes: int = Field(description="Size of the recordings of the jobs taken in.")
    audio_seconds: float = Field(
        description="Length of the recordings whose transcription was completed; one that several jobs share is there once."
    )

    @classmethod
    def of(cls, counts: DayCounts) -> Self:
        """From the service's answer."""
        return cls(
            jobs=counts.jobs,
            cache_hits=counts.hit,
            joined=counts.joined,
            failed=counts.failed,
            bytes=counts.bytes,
            audio_seconds=counts.audio_ms / 1000,
        )


class UsageDayBody(UsageCounts):
    """One day."""

    date: date
    final: bool = Field(description="Whether the day is over (UTC): nothing of it changes any more.")

    @classmethod
    def of_day(cls, day: UsageDay) -> Self:
        """From the service's answer."""
        return cls(date=day.day, final=day.is_final, **UsageCounts.of(day.counts).model_dump())


class UsageBody(Body):
    """Your usage, day by day, oldest first; days on which nothing was done are there too."""

    group: Literal["day"]
    data: list[UsageDayBody]
    total: UsageCounts = Field(description="The sum of these days.")

    @classmethod
    def of(cls, report: UsageReport) -> Self:
        """From the service's answer."""
        return cls(
            group="day", data=[UsageDayBody.of_day(day) for day in report.days], total=UsageCounts.of(report.total)
        )


def wants_csv(asked: UsageFormat | None, accept: str) -> bool:
    """Whether a table is wanted; without a word in the query the first type of ``Accept`` that is served decides."""
    if asked is not None:
        return asked is UsageFormat.CSV
    named = (part.partition(";")[0].strip().lower() for part in accept.split(","))
    served = (name for name in named if name in (*_TABLE_TYPES, "application/json", "*/*"))
    return next(served, "") in _TABLE_TYPES


def as_csv(report: UsageReport) -> str:
    """One line a day (RFC 4180), with the tenant's name; no cell is taken for a formula."""
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(["tenant", "date", *UsageCounts.model_fields, "final"])
    for day in report.days:
        counts = UsageCounts.of(day.counts).model_dump().values()
        row = [report.tenant, day.day.isoformat(), *counts, str(day.is_final).lower()]
        writer.writerow([_cell(value) for value in row])
    return written.getvalue()


def _cell(value: object) -> str:
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
