"""The command ``stenopool``; needs the extra ``cli``."""

import sys


def main() -> None:
    """Entry point of the command."""
    try:
        from stenopool_client.cli.app import run  # noqa: PLC0415 - may not be there
    except ModuleNotFoundError as error:
        if error.name not in ("rich", "typer"):
            raise
        sys.exit("stenopool: the command needs two packages more: pip install 'stenopool-client[cli]'")
    run()
