"""What Locust measured, from its CSV: error rate and percentiles; ends with 1 where too much went wrong.

``python -m tests.load.report PREFIX --error-limit 0.01``
"""

import argparse
import csv
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

REFUSED: Final = " (429)"
"""Ends the name of what was asked for too often: an answer as it should be, counted apart."""

_WHOLE: Final = "Aggregated"


@dataclass(frozen=True, slots=True)
class Row:
    """What one kind of request came to; times in milliseconds."""

    name: str
    requests: int
    failures: int
    p50: float
    p95: float
    p99: float


def read(stats: Path) -> list[Row]:
    """The rows of Locust's ``…_stats.csv`` but the last, its sum, into which refusals are mixed."""
    with stats.open(newline="", encoding="utf-8") as file:
        return [
            Row(
                name=row["Name"],
                requests=int(row["Request Count"]),
                failures=int(row["Failure Count"]),
                p50=_milliseconds(row["50%"]),
                p95=_milliseconds(row["95%"]),
                p99=_milliseconds(row["99%"]),
            )
            for row in csv.DictReader(file)
            if row["Name"] != _WHOLE
        ]


def error_rate(rows: Sequence[Row]) -> float:
    """Failures among all that was not refused; 1 where nothing was asked."""
    taken = [row for row in rows if not row.name.endswith(REFUSED)]
    requests = sum(row.requests for row in taken)
    return sum(row.failures for row in taken) / requests if requests else 1.0


def table(rows: Sequence[Row]) -> str:
    """A Markdown table, a kind of request a line, and the error rate below."""
    refused = {row.name.removesuffix(REFUSED): row.requests for row in rows if row.name.endswith(REFUSED)}
    taken = {row.name: row for row in rows if not row.name.endswith(REFUSED)}
    lines = [
        "| request | answered | errors | refused (429) | p50 ms | p95 ms | p99 ms |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in sorted(taken.keys() | refused.keys()):
        row = taken.get(name, Row(name, 0, 0, 0, 0, 0))
        lines.append(
            f"| {name} | {row.requests} | {row.failures} | {refused.get(name, 0)}"
            f" | {row.p50:.0f} | {row.p95:.0f} | {row.p99:.0f} |"
        )
    return "\n".join([*lines, "", f"error rate {error_rate(rows):.2%}, {sum(refused.values())} refused"])


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table; 1 if the error rate is above the limit, or nothing was measured."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.report", description=__doc__)
    parser.add_argument("prefix", help="what --csv was told")
    parser.add_argument("--error-limit", type=float, default=0.01)
    given = parser.parse_args(arguments)
    stats = Path(f"{given.prefix}_stats.csv")
    if not stats.exists():
        sys.stderr.write(f"load: {stats} is not there: nothing was measured\n")
        return 1
    rows = read(stats)
    sys.stdout.write(f"{table(rows)}\n")
    if (rate := error_rate(rows)) > given.error_limit:
        sys.stderr.write(f"load: the error rate {rate:.2%} is above {given.error_limit:.2%}\n")
        return 1
    return 0


def _milliseconds(text: str) -> float:
    # Locust writes N/A where nothing was measured.
    return float(text) if text not in ("", "N/A") else 0.0


if __name__ == "__main__":
    sys.exit(main())
