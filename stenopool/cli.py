"""The operator's commands: up, demo, model, keys, webhooks, tenants, jobs, drain, doctor, backup, restore.

They join the command ``stenopool`` of the client by the entry-point group ``stenopool.commands``. Where the client is not
installed, as in the images, ``python -m stenopool.cli`` has them alone.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from stenopool.backup.command import backup, restore
from stenopool.doctor.command import doctor
from stenopool.drain_command import drain
from stenopool.errors import StenopoolError
from stenopool.jobs_command import jobs_app
from stenopool.keys.command import keys_app, webhooks_app
from stenopool.keys.tenants_command import tenants_app
from stenopool.local.demo import DemoRequest, run_demo
from stenopool.local.display import Display, wants_plain_lines
from stenopool.local.engine_choice import fetch
from stenopool.local.stopping import StopRequestedError, StopSignals
from stenopool.local.up import run_up
from stenopool.settings import child_environment

app = typer.Typer(
    name="stenopool",
    help="Self-hosted transcription.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
model_app = typer.Typer(help="Weights of models.", no_args_is_help=True)
app.add_typer(model_app, name="model")
app.add_typer(keys_app, name="keys")
app.add_typer(webhooks_app, name="webhooks")
app.add_typer(tenants_app, name="tenants")
app.add_typer(jobs_app, name="jobs")
app.command("drain")(drain)
app.command("doctor")(doctor)
app.command("backup")(backup)
app.command("restore")(restore)

_ModelOption = Annotated[str, typer.Option(help="Whisper model to use; fetched first where it is not on the disk.")]


@app.command()
def up(model: _ModelOption = "") -> None:
    """Runs the whole platform on this machine until Ctrl-C."""
    _run(lambda display, signals: run_up(_root(), model, display, signals))


@app.command()
def demo(
    file: Annotated[str, typer.Option(help="Recording to transcribe instead of the sample.")] = "",
    model: _ModelOption = "",
    started: Annotated[float, typer.Option(hidden=True, help="When set-up began, seconds since 1970.")] = 0.0,
) -> None:
    """Transcribes one recording with real processes, then stops them."""
    path = Path(file).expanduser() if file else None
    request = DemoRequest(_root(), path, model, started or time.time())
    _run(lambda display, signals: run_demo(request, display, signals))


@model_app.command("fetch")
def fetch_model(name: Annotated[str, typer.Argument(help="A size like base, or a hub repository.")]) -> None:
    """Fetches the weights of a Whisper model."""
    _run(lambda _display, _signals: fetch(name))


def main() -> None:
    """Runs the operator's commands alone."""
    app()


def _run(command: Callable[[Display, StopSignals], None]) -> None:
    display = Display(wants_plain_lines(child_environment({}), sys.stdout))
    with StopSignals() as signals:
        try:
            command(display, signals)
        except StopRequestedError as stop:
            display.line("stopped")
            raise typer.Exit(stop.exit_code) from None
        except StenopoolError as error:
            print(f"stenopool: {error.message}" + (f": {error.hint}" if error.hint else ""), file=sys.stderr)  # noqa: T201
            raise typer.Exit(1) from None


def _root() -> Path:
    """The project's folder: where the package lies in a checkout."""
    return Path(__file__).resolve().parent.parent


if __name__ == "__main__":
    main()
