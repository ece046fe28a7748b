"""``stenopool login``: keeps address and key."""

import sys
from typing import Annotated

import typer

from stenopool_client import Client, ForbiddenError
from stenopool_client._settings import DEFAULT_URL
from stenopool_client.cli.place import Place, keep


def login(
    url: Annotated[str, typer.Option(help="Address of the server, as https://host.")] = "",
    check: Annotated[bool, typer.Option(help="Ask the server whether it takes the key.")] = True,
) -> None:
    """Keeps address and key for later commands, in a file that only you can read.

    The key is asked for, so that it stands in no history; from a pipe it is the first line.
    """
    if sys.stdin.isatty():
        address = url or typer.prompt("Address of the server", default=DEFAULT_URL)
        key = typer.prompt("Key (empty for none)", default="", hide_input=True, show_default=False).strip()
    else:
        # A prompt would read from the terminal in spite of the pipe.
        address, key = url or DEFAULT_URL, sys.stdin.readline().strip()
    try:
        with Client(address, key or None) as client:
            if check:
                _check(client)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    typer.echo(f"kept in {keep(Place(address, key or None))}")


def _check(client: Client) -> None:
    try:
        client.list_page(limit=1)
    except ForbiddenError as error:
        # A good key that may submit, but not look; and strangers have no list.
        if error.code not in ("scope_missing", "no_job_list"):
            raise
