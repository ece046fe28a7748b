"""Usage on the wire: which form is wanted, and a table that no spreadsheet runs."""

import csv
import io
from datetime import date

import pytest

from api.services.usage import UsageDay, UsageReport
from api.usage_schemas import UsageBody, UsageFormat, as_csv, wants_csv
from stenopool.ledger.model import DayCounts

DAY = UsageDay(date(2026, 11, 25), DayCounts(4, 1, 2, 3, 5_000, 20_500), is_final=True)


def report(tenant: str) -> UsageReport:
    return UsageReport(tenant, (DAY,), DAY.counts)


@pytest.mark.parametrize(
    ("asked", "accept", "is_table"),
    [
        (None, "", False),
        (None, "*/*", False),
        (None, "application/json, text/csv", False),
        (None, "image/png, TEXT/CSV;q=0.5", True),
        (None, "text/*", True),
        (UsageFormat.CSV, "application/json", True),
        (UsageFormat.JSON, "text/csv", False),
    ],
)
def test_the_query_or_the_first_type_named_says_which_form(
    asked: UsageFormat | None, accept: str, *, is_table: bool
) -> None:
    assert wants_csv(asked, accept) == is_table


def test_a_line_holds_what_json_holds() -> None:
    [row] = csv.DictReader(io.StringIO(as_csv(report("ann"))))
    [entry] = UsageBody.of(report("ann")).model_dump(mode="json")["data"]
    assert row.pop("tenant") == "ann"
    assert row.pop("final") == "true"
    assert entry.pop("final") is True
    assert row == {name: str(value) for name, value in entry.items()}
    assert (row["audio_seconds"], row["cache_hits"]) == ("20.5", "1")


@pytest.mark.parametrize("tenant", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_taken_for_a_formula(tenant: str) -> None:
    [row] = csv.DictReader(io.StringIO(as_csv(report(tenant)), newline=""))
    assert row["tenant"] == f"'{tenant}"
