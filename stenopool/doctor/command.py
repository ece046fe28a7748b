"""The operator's command ``stenopool doctor``."""

from typing import Annotated

import typer

from stenopool.doctor.examination import examine
from stenopool.doctor.finding import has_failed
from stenopool.doctor.report import as_document, as_table
from stenopool.settings import child_environment


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="For programs: all findings as JSON.")] = False,
) -> None:
    """Looks at this machine and its settings; says what is wrong and what to do. Ends with 1 if something fails."""
    findings = examine(child_environment({}))
    print(as_document(findings) if as_json else as_table(findings))  # noqa: T201 - the answer of a command.
    if has_failed(findings):
        raise typer.Exit(1)
