"""Exit codes, and what is said about an error; ``docs/reference/cli.md`` tells them to people."""

from typing import Final

from stenopool_client import ApiError, ConnectionFailedError, ForbiddenError, StenopoolError, UnauthorizedError
from stenopool_client.errors import UnexpectedAnswerError

FAILED: Final = 1
"""A recording was refused or its job ended without a transcript; also any other error."""

USAGE: Final = 2
"""The command line is wrong; nothing was done."""

UNREACHED: Final = 3
"""No Stenopool answers at the address."""

NOT_ALLOWED: Final = 4
"""The key is missing, wrong, or may not do this."""

INTERRUPTED: Final = 130
"""Ctrl-C; jobs that were submitted go on."""


def error_code(error: StenopoolError) -> int:
    """The exit code for an error."""
    if isinstance(error, ConnectionFailedError | UnexpectedAnswerError):
        return UNREACHED
    if isinstance(error, UnauthorizedError | ForbiddenError):
        return NOT_ALLOWED
    return FAILED


def said(error: Exception) -> str:
    """An error in one line, without its code where there are better words."""
    if isinstance(error, ApiError):
        return printable(error.detail or error.code)
    return printable(str(error))


def failure_lines(error: StenopoolError) -> list[str]:
    """What to print about an error that ended the command."""
    lines = [f"stenopool: {said(error)}"]
    if isinstance(error, ApiError) and error.hint:
        lines.append(f"  {printable(error.hint)}")
    if error_code(error) == UNREACHED:
        lines.append("  Is the address right? Tell it by STENOPOOL_URL or `stenopool login`.")
    if isinstance(error, UnauthorizedError):
        lines.append("  Tell the key by STENOPOOL_API_KEY or `stenopool login`.")
    return lines


def printable(text: str) -> str:
    """Text from outside without what a terminal would obey."""
    return "".join(sign if sign.isprintable() else " " for sign in text)
