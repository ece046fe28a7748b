"""The operator's commands ``stenopool backup`` and ``stenopool restore``."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from stenopool.backup.restoring import restore_backup
from stenopool.backup.taking import take_backup
from stenopool.errors import StenopoolError
from stenopool.ledger.ledger import Ledger
from stenopool.redis_pools import redis_client
from stenopool.settings import load_settings
from stenopool.sizes import shown_size


def backup(
    target: Annotated[Path, typer.Argument(help="Folder, on another disk, that gets a folder for each backup.")],
    keep: Annotated[int, typer.Option(min=0, help="Removes all but the newest so many; 0 removes none.")] = 0,
) -> None:
    """Copies the store while everything runs; prints the folder of the backup."""
    try:
        taken = take_backup(load_settings().data_dir, target.expanduser().absolute(), keep)
    except StenopoolError as error:
        raise _end(error) from None
    print(taken.folder)  # noqa: T201 - the answer of a command.
    _remark(f"{taken.note.objects} objects, {shown_size(taken.note.size_bytes)}")


def restore(
    folder: Annotated[Path, typer.Argument(help="Folder of one backup.")],
) -> None:
    """Puts a backup in the place of a lost store, beside an empty Redis and before any process runs."""
    try:
        settings = load_settings()
        with redis_client(settings.redis_address) as client:
            note = restore_backup(folder.expanduser().absolute(), settings.data_dir, Ledger(client, _ring_nothing))
    except StenopoolError as error:
        raise _end(error) from None
    _remark(f"{note.objects} objects as they were at {note.began_at:%Y-%m-%d %H:%M:%S} UTC")
    _remark("start the processes: the housekeeper fills the ledger, and open jobs run again")


def _end(error: StenopoolError) -> typer.Exit:
    _remark(f"stenopool: {error.message}" + (f": {error.hint}" if error.hint else ""))
    return typer.Exit(1)


def _remark(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 - said to the operator.


def _ring_nothing(_bells: Mapping[str, int]) -> None:
    """Looking makes no work."""
