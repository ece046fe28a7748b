"""What a person sees while recordings are transcribed: a bar for each, or plain lines where there is no terminal."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.text import Text

from stenopool_client import JobStatus, Waiting
from stenopool_client.cli.ending import printable, said

_NAME_SIGNS: Final = 28
_TEXT_SIGNS: Final = 60


class Display(Protocol):
    """Shows rows; one for each recording in hand."""

    def show(self, row: "Row") -> None:
        """A row has changed."""
        ...

    def line(self, text: str) -> None:
        """Something that stays."""
        ...


class Row:
    """What is known of one recording."""

    def __init__(self, name: str, display: Display) -> None:
        self.name = printable(name)
        self.state = "waits for its turn"
        self.fraction = 0.0
        self.pause_until: float | None = None
        self._display = display

    def told(self) -> str:
        """Its state in words; during a pause the time that is left of it."""
        if self.pause_until is None:
            return self.state
        left = max(0, round(self.pause_until - time.monotonic()))
        return f"pause, {left // 60}:{left % 60:02} left: {self.state}"

    def uploaded(self, sent: int, total: int | None) -> None:
        """So much was sent."""
        self.pause_until = None
        share = f" of {total / 1e6:.1f}" if total else ""
        self._change(f"uploads {sent / 1e6:.1f}{share} MB", sent / total if total else 0.0)

    def waits(self, waiting: Waiting) -> None:
        """A pause begins."""
        self.pause_until = time.monotonic() + waiting.seconds
        self._change(said(waiting.error), 0.0)

    def stands(self, status: JobStatus) -> None:
        """The job's status came."""
        self.pause_until = None
        state = str(status.status)
        if status.status == "queued" and status.position is not None:
            state = f"queued, place {status.position}"
        if status.eta_seconds is not None and not status.has_ended:
            state += f", about {status.eta_seconds:.0f} s"
        if status.warnings:
            state += f": {printable(status.warnings[0])}"
        self._change(state, status.progress)

    def heard(self, text: str) -> None:
        """Text was recognised."""
        self._change("… " + printable(text).strip()[-_TEXT_SIGNS:], self.fraction)

    def _change(self, state: str, fraction: float) -> None:
        self.state, self.fraction = state, fraction
        self._display.show(self)


class _StateColumn(ProgressColumn):
    def render(self, task: Task) -> Text:
        row: Row = task.fields["row"]
        return Text(row.told(), no_wrap=True, overflow="ellipsis")


class Bars:
    """A bar for each recording."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[Row, TaskID] = {}

    def show(self, row: Row) -> None:
        """The row has changed."""
        if row not in self._tasks:
            name = Text(row.name, no_wrap=True, overflow="ellipsis")
            name.truncate(_NAME_SIGNS, overflow="ellipsis", pad=True)
            self._tasks[row] = self._progress.add_task("", total=1.0, row=row, shown_name=name.plain)
        self._progress.update(self._tasks[row], completed=row.fraction)

    def line(self, text: str) -> None:
        """Something that stays."""
        self._progress.console.print(Text(text), soft_wrap=True)

    def remove(self, row: Row) -> None:
        """The recording is done."""
        if row in self._tasks:
            self._progress.remove_task(self._tasks.pop(row))


class Lines:
    """A line where the state has changed, none for each further word."""

    def __init__(self) -> None:
        self._last: dict[Row, str] = {}

    def show(self, row: Row) -> None:
        """The row has changed."""
        kind = row.state.split(" ", 1)[0].rstrip(",:") + ("!" if row.pause_until is not None else "")
        if kind != "…" and self._last.get(row) != kind:
            self._last[row] = kind
            self.line(f"{row.name}: {row.told()}")

    def line(self, text: str) -> None:
        """Something that stays."""
        print(text, file=sys.stderr, flush=True)  # noqa: T201 - what this class is for.

    def remove(self, row: Row) -> None:
        """The recording is done."""
        self._last.pop(row, None)


@contextmanager
def display() -> Iterator[Bars | Lines]:
    """Bars on a terminal, for the length of the block; else lines. Both on standard error: standard output is for transcripts."""
    console = Console(stderr=True)
    if not console.is_terminal or console.is_dumb_terminal or os.environ.get("NO_COLOR"):
        yield Lines()
        return
    columns = (TextColumn("{task.fields[shown_name]}", markup=False), BarColumn(20), _StateColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        yield Bars(progress)
