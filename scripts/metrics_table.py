"""Writes the tables of docs/reference/metrics.md out of the code: ``scripts/metrics_table.py [--check]``."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from stenopool import metrics
from stenopool.instruments import Label, Metrics, names

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "reference" / "metrics.md"
_BEGIN: Final = "<!-- {}: made by scripts/metrics_table.py -->\n"
_END: Final = "<!-- end of {} -->"
GROUPS: Final = {
    "api": metrics.OF_API,
    "ledger": (*metrics.OF_LEDGER, *metrics.OF_DISK),
    "worker": metrics.OF_WORKER,
    "house": metrics.OF_HOUSE,
    "gpu": metrics.OF_GPU,
}


def table(group: Iterable[Metrics]) -> str:
    """Metrics as a Markdown table."""
    rows = ["| metric | kind | labels | is |", "|---|---|---|---|"]
    for metric in group:
        (name,) = names([metric])
        labels = ", ".join(_shown(label) for label in metric.declared.labels)
        rows.append(f"| `{name}` | {metric.type} | {labels} | {metric.declared.help} |")
    return "\n".join(rows) + "\n"


def page(text: str) -> str:
    """The page with its tables as they should be."""
    for name, group in GROUPS.items():
        begin, end = _BEGIN.format(name), _END.format(name)
        before, _, rest = text.partition(begin)
        text = before + begin + table(group) + end + rest.partition(end)[2]
    return text


def main() -> None:
    """Writes the page, or with ``--check`` says that it is out of date and exits with 1."""
    now = PAGE.read_text("utf-8")
    if page(now) == now:
        return
    if "--check" in sys.argv[1:]:
        print(f"docs/reference/{PAGE.name} is out of date: run scripts/metrics_table.py")
        raise SystemExit(1)
    PAGE.write_text(page(now), "utf-8")


def _shown(label: Label) -> str:
    few = label.values is not None and len(label.values) <= 7
    return f"`{label.name}`" + (f" ({', '.join(sorted(label.values or ()))})" if few else "")


if __name__ == "__main__":
    main()
