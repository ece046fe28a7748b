"""The operator's command ``stenopool drain``: workers claim nothing more, wherever they run, until it is taken back."""

import sys
from collections.abc import Mapping
from typing import Annotated

import typer

from stenopool.errors import StenopoolError
from stenopool.ledger import operations as op
from stenopool.ledger.ledger import Ledger
from stenopool.queueing.bell import Bell
from stenopool.redis_pools import redis_client
from stenopool.settings import Settings, load_settings


def drain(
    worker: Annotated[str, typer.Option(help="One worker, by its name in GET /stats.")] = "",
    everybody: Annotated[bool, typer.Option("--all", help="All workers, also those that start later.")] = False,
    off: Annotated[bool, typer.Option("--off", help="Lets them claim again.")] = False,
) -> None:
    """Lets workers finish what they hold and claim nothing more; without an option it tells who is drained."""
    if worker and everybody:
        raise typer.BadParameter("name one worker or --all")
    try:
        settings = load_settings()
        drained = _drained(settings) if not worker and not everybody else _drain(settings, worker or op.EVERYBODY, off)
    except StenopoolError as error:
        print(f"stenopool: {error.message}" + (f": {error.hint}" if error.hint else ""), file=sys.stderr)  # noqa: T201
        raise typer.Exit(1) from None
    for name in drained:
        print("all workers" if name == op.EVERYBODY else name)  # noqa: T201 - the answer of a command.


def _drain(settings: Settings, worker: str, is_over: bool) -> tuple[str, ...]:
    bell = Bell(settings)
    try:
        with redis_client(settings.redis_address) as client:
            return Ledger(client, bell.ring).do(op.drain(worker, is_over=is_over)).drained
    finally:
        bell.close()


def _drained(settings: Settings) -> tuple[str, ...]:
    with redis_client(settings.redis_address) as client:
        census = Ledger(client, _ring_nothing).do(op.census())
    return tuple(sorted(name for name, seen in census.workers.items() if seen.is_drained))


def _ring_nothing(_bells: Mapping[str, int]) -> None:
    """Looking makes no work."""
