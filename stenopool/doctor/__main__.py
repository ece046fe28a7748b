"""``python -m stenopool.doctor [--json]``: the same where the operator's command is not installed, as in a worker's image."""

import argparse
import sys

from stenopool.doctor.examination import examine
from stenopool.doctor.finding import has_failed
from stenopool.doctor.report import as_document, as_table
from stenopool.settings import child_environment


def main() -> int:
    """Looks; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m stenopool.doctor")
    parser.add_argument("--json", action="store_true", dest="as_json", help="for programs: all findings as JSON")
    asked = parser.parse_args()
    findings = examine(child_environment({}))
    print(as_document(findings) if asked.as_json else as_table(findings))  # noqa: T201 - the answer of a command.
    return 1 if has_failed(findings) else 0


if __name__ == "__main__":
    sys.exit(main())
