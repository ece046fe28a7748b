"""``stenopool transcribe``: recordings in, transcripts beside one another out."""

import sys
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final, cast

import anyio
import typer

from stenopool_client.cli.batch import Batch, Item
from stenopool_client.cli.display import display
from stenopool_client.cli.ending import INTERRUPTED
from stenopool_client.cli.outputs import output_paths, wanted_formats
from stenopool_client.cli.place import patient_client
from stenopool_client.options import SubmitOptions

STDOUT: Final = "-"

Format = Annotated[
    list[str], typer.Option("--format", "-f", help="txt, srt, vtt, json, tsv or all; several times for several.")
]
Out = Annotated[str, typer.Option("--out", "-o", help="Folder of the transcripts; - writes them to standard output.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line for each recording, as it ends.")]


def transcribe(  # noqa: PLR0913, PLR0917 - each is an option of the command.
    files: Annotated[list[Path], typer.Argument(help="Recordings.", exists=True, dir_okay=False, readable=True)],
    formats: Format = ["txt"],  # noqa: B006 - Typer copies it.
    out: Out = ".",
    language: Annotated[
        str, typer.Option("--language", "-l", help="Code, as en; detected where it is not given.")
    ] = "",
    task: Annotated[str, typer.Option(help="transcribe, or translate into English.")] = "",
    model: Annotated[str, typer.Option(help="One of the models that the server runs.")] = "",
    prompt: Annotated[str, typer.Option(help="Text that sets style and spelling.")] = "",
    words: Annotated[bool, typer.Option("--word-timestamps", help="Times of each word, in json.")] = False,
    parallel: Annotated[int, typer.Option(help="Uploads at a time.", min=1, max=64)] = 4,
    as_json: Json = False,
) -> None:
    """Transcribes recordings; talk.mp3 becomes talk.txt, or as --format says.

    Ctrl-C leaves the jobs running and says how to pick them up.
    """
    told: dict[str, Any] = {"language": language, "task": task, "model": model, "initial_prompt": prompt}
    options: dict[str, Any] = {name: value for name, value in told.items() if value}
    if words:
        options["word_timestamps"] = True
    paths = list(dict.fromkeys(files))
    items = items_of([str(path) for path in paths], formats, out)
    for item, path in zip(items, paths, strict=True):
        item.file = path
        if any(output.exists() and output.samefile(other) for output in item.outputs for other in paths):
            raise typer.BadParameter(f"the transcript of {path} would replace a recording")
    taken(items, out, cast("SubmitOptions", options), parallel, as_json)


def items_of(names: list[str], formats: list[str], out: str) -> list[Item]:
    """The recordings with their outputs; what cannot be is said before anything is done."""
    try:
        forms = wanted_formats(formats)
        outputs = output_paths([Path(name).name for name in names], forms, Path("." if out == STDOUT else out))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    return [Item(name, [] if out == STDOUT else paths, forms) for name, paths in zip(names, outputs, strict=True)]


def taken(items: list[Item], out: str, options: SubmitOptions, parallel: int, as_json: bool) -> None:
    """Takes the recordings to their end, and the command to its own."""
    try:
        code = anyio.run(partial(_taken, items, out, options, parallel, as_json))
    except KeyboardInterrupt:
        _say_how_to_go_on(items, out)
        raise typer.Exit(INTERRUPTED) from None
    if out == STDOUT and not as_json:
        for item in items:
            sys.stdout.write("".join(item.texts))
    raise typer.Exit(code)


async def _taken(items: list[Item], out: str, options: SubmitOptions, parallel: int, as_json: bool) -> int:
    with display() as shown:
        async with patient_client() as client:
            batch = Batch(client, shown, options, anyio.Semaphore(parallel), out == STDOUT, as_json)
            return await batch.run(items)


def _say_how_to_go_on(items: list[Item], out: str) -> None:
    running = [item.job_id for item in items if item.job_id and not item.is_done]
    unsent = [item.name for item in items if not item.job_id and not item.is_done]
    lines = ["stopped"]
    if running:
        forms = " ".join(f"--format {form}" for form in items[0].formats)
        lines += [
            f"{len(running)} go on at the server; pick them up with",
            f"  stenopool result {forms} --out {out} {' '.join(running)}",
        ]
    if unsent:
        lines.append(f"not submitted: {', '.join(unsent)}")
    print("\n".join(lines), file=sys.stderr)  # noqa: T201
