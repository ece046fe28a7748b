"""What a person sees while waiting: a bar on a capable terminal, else plain lines."""

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final, Protocol, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

_PLAIN_STEP: Final = 0.25
"""Without a bar a line is printed for each further quarter."""

_PLAIN_EVERY_S: Final = 5.0


class Bar(Protocol):
    """Something that shows how far a job is."""

    def show(self, state: str, fraction: float) -> None:
        """``fraction`` 0..1 of the work is done."""
        ...


def wants_plain_lines(environment: Mapping[str, str], stream: TextIO) -> bool:
    """Whether a bar would be noise: no terminal, NO_COLOR, a dumb terminal, or a locale without such signs."""
    locale = environment.get("LC_ALL") or environment.get("LC_CTYPE") or environment.get("LANG") or "C"
    # Python itself sets LC_CTYPE=C.UTF-8 where the locale was C (PEP 538).
    is_c_locale = locale in {"C", "POSIX"} or (environment.get("LANG", "C") in {"C", "POSIX"} and locale == "C.UTF-8")
    return not stream.isatty() or bool(environment.get("NO_COLOR")) or environment.get("TERM") == "dumb" or is_c_locale


class Display:
    """Prints for one command."""

    def __init__(self, plain: bool, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._plain = plain

    def line(self, text: str = "") -> None:
        """One line, at once; a sign that the terminal cannot show becomes ``?``."""
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        print(text.encode(encoding, errors="replace").decode(encoding), file=self._stream, flush=True)

    @contextmanager
    def bar(self) -> Iterator[Bar]:
        """A bar for the length of the block, removed at its end; plain lines where there can be none."""
        if self._plain:
            yield _PlainBar(self)
            return
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
        with Progress(*columns, TimeElapsedColumn(), console=Console(file=self._stream), transient=True) as progress:
            yield _RichBar(progress)


class _RichBar:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("queued", total=1.0)

    def show(self, state: str, fraction: float) -> None:
        self._progress.update(self._task, description=state, completed=fraction)


class _PlainBar:
    def __init__(self, display: Display) -> None:
        self._display = display
        self._shown = ("", 0.0)
        self._at_s = 0.0

    def show(self, state: str, fraction: float) -> None:
        shown_state, shown_fraction = self._shown
        is_news = state != shown_state or fraction - shown_fraction >= _PLAIN_STEP
        if is_news or (fraction > shown_fraction and time.monotonic() - self._at_s >= _PLAIN_EVERY_S):
            self._display.line(f"  {state}, {fraction:.0%}")
            self._shown, self._at_s = (state, fraction), time.monotonic()


def clock(seconds: float) -> str:
    """A time in a recording: ``1:02:03.4`` or ``02:03.4``."""
    tenths = round(seconds * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    return (f"{hours}:" if hours else "") + f"{minutes:02}:{rest // 10:02}.{rest % 10}"
