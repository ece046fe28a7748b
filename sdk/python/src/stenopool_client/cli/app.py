"""All commands in one: the client's own, and those that other distributions add.

A distribution adds a command by an entry point in the group ``stenopool.commands``: its name is the command's, its value a
``typer.Typer`` that has a command or a group of this name. Where the client has a group of the same name, the other's
subcommands join it; what the client has itself is never replaced. Nothing is imported before it is asked for.
"""

import sys
from importlib.metadata import entry_points
from typing import Any, Final

import typer
from typer.core import TyperGroup
from typer.main import get_command

from stenopool_client import StenopoolError
from stenopool_client.cli.ending import FAILED, INTERRUPTED, USAGE, error_code, failure_lines
from stenopool_client.cli.jobs import cancel, jobs, result, retry, status
from stenopool_client.cli.login import login
from stenopool_client.cli.place import WrongPlaceError
from stenopool_client.cli.transcribe import transcribe

GROUP: Final = "stenopool.commands"


class Commands(TyperGroup):
    """The client's commands first, then what others add."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Names of all commands."""
        own = super().list_commands(ctx)
        return own + sorted({point.name for point in entry_points(group=GROUP)} - set(own))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A command; another distribution is loaded only for one that is not ours."""
        return super().get_command(ctx, cmd_name) or _added(cmd_name)


class Joined(TyperGroup):
    """A group of ours that another of its name may add to."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Names of its commands, ours and theirs."""
        own = super().list_commands(ctx)
        return own + [name for name in _subcommands(self.name) if name not in own]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """One of them."""
        return super().get_command(ctx, cmd_name) or _subcommands(self.name).get(cmd_name)


def _added(name: str | None) -> Any:
    for point in entry_points(group=GROUP, name=name or ""):
        command = get_command(point.load())
        # A Typer with a single command is that command.
        return getattr(command, "commands", {name: command}).get(name)
    return None


def _subcommands(name: str | None) -> dict[str, Any]:
    return getattr(_added(name), "commands", {})


app = typer.Typer(
    name="stenopool",
    help="Transcribes recordings with a Stenopool server.",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(transcribe)
app.command()(status)
app.command()(result)
app.command()(cancel)
app.command()(retry)
app.command()(login)
_jobs = typer.Typer(cls=Joined, invoke_without_command=True, no_args_is_help=False)
_jobs.callback()(jobs)
app.add_typer(_jobs, name="jobs")


def run() -> None:
    """Runs the command line; an error is a line and an exit code, never a traceback."""
    try:
        app()
    except WrongPlaceError as error:
        print(f"stenopool: {error}", file=sys.stderr)  # noqa: T201 - said to whoever called.
        sys.exit(USAGE)
    except StenopoolError as error:
        for line in failure_lines(error):
            print(line, file=sys.stderr)  # noqa: T201 - said to whoever called.
        sys.exit(error_code(error))
    except OSError as error:
        print(f"stenopool: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(FAILED)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
