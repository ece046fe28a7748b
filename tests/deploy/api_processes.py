"""What every way to install says of API processes that run beside one another."""

from collections.abc import Sequence
from typing import Final

ENOUGH_S: Final = 60
"""On a busy host of few processors some that start at once answer their parent late; uvicorn ends them after five seconds."""

_OPTION: Final = "--timeout-worker-healthcheck"


def is_patient(command: Sequence[str]) -> bool:
    """Whether the parent gives each of them time enough to answer."""
    return _OPTION in command and int(command[command.index(_OPTION) + 1]) >= ENOUGH_S


def alone(command: Sequence[str]) -> list[str]:
    """The command of one process by itself, which needs neither their number nor patience."""
    kept = list(command)
    for option in ("--workers", _OPTION):
        if option in kept:
            at = kept.index(option)
            del kept[at : at + 2]
    return kept
