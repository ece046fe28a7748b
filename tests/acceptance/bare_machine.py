"""A machine as a newcomer has it: a copy of the tree without git, no redis-server, no compiler, no ffmpeg on PATH."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from stenopool.settings import Settings
from tests.processes import descendants, is_running
from tests.waiting import wait_until

ROOT: Final = Path(__file__).resolve().parents[2]

_NOT_COPIED: Final = (
    ".git",
    ".venv",
    ".cache",
    "data",
    "__pycache__",
    ".*_cache",
    ".hypothesis",
    "node_modules",
    "*.egg-info",
)
_NOT_ON_PATH: Final = (
    *("redis-server", "redis-cli", "git", "gcc", "cc", "g++", "c++", "clang", "ffmpeg", "ffprobe", "docker", "uv"),
    *("flite", "espeak-ng", "espeak"),
)
_OUTPUT_LIMIT_S: Final = 240
_LOOK_EVERY_S: Final = 0.1
"""A look goes through all processes of the machine. What is there no longer than this cannot be left behind."""


class Running:
    """A command with its own terminal session, as in a window of its own; its output in a file."""

    def __init__(self, argv: list[str], machine: "BareMachine", environment: Mapping[str, str]) -> None:
        self._output = machine.folder / f"output-{len(list(machine.folder.glob('output-*')))}"
        self.seen: set[int] = set()
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                argv,
                cwd=machine.tree,
                env=machine.environment | dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.look()
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for pid in self.seen:
            if is_running(pid):
                os.kill(pid, signal.SIGKILL)

    @property
    def output(self) -> str:
        """All it said until now."""
        return self._output.read_text(errors="replace")

    def look(self) -> set[int]:
        """Its processes at this moment, remembered in ``seen``."""
        now = descendants(self.process.pid)
        self.seen |= now
        return now

    def wait_for(self, what: Callable[[str], bool] | str, limit_s: float = _OUTPUT_LIMIT_S) -> None:
        """Waits for words in the output, remembering all processes on the way."""

        def has_come() -> bool:
            self.look()
            ended = self.process.poll() is not None
            came = what in self.output if isinstance(what, str) else what(self.output)
            assert came or not ended, f"ended without {what!r}:\n{self.output}"
            return came

        wait_until(has_come, limit_s, f"{what!r} in the output", _LOOK_EVERY_S)

    def ctrl_c(self) -> None:
        """What the terminal does: SIGINT to the whole foreground group."""
        os.killpg(self.process.pid, signal.SIGINT)

    def end(self, limit_s: float = _OUTPUT_LIMIT_S) -> int:
        """Waits for its end; the exit code."""

        def has_ended() -> bool:
            self.look()
            return self.process.poll() is not None

        wait_until(has_ended, limit_s, f"the end of the command; it said:\n{self.output}\n", _LOOK_EVERY_S)
        return self.process.returncode

    def signal_one(self, word: bytes, number: signal.Signals) -> None:
        """Sends a signal to its one process with ``word`` on the command line."""
        found = [pid for pid in self.look() if word in Path(f"/proc/{pid}/cmdline").read_bytes()]
        assert len(found) == 1, found
        os.kill(found[0], number)

    def left_behind(self) -> set[int]:
        """Processes that were ever seen below it and still live."""
        return {pid for pid in self.seen if is_running(pid)}


@dataclass(frozen=True)
class BareMachine:
    """A folder with ``tree`` (the copy), ``tmp`` (its TMPDIR) and ``bin`` (all of its PATH)."""

    folder: Path

    @property
    def tree(self) -> Path:
        """The copy of the project; its name has a space, as people's folders do."""
        return self.folder / "my stenopool"

    @property
    def tmp(self) -> Path:
        """The only place for temporary files."""
        return self.folder / "tmp"

    @property
    def environment(self) -> dict[str, str]:
        """This environment without anything that speaks of the project or of its virtual environment."""
        ours = {field.upper() for field in Settings.model_fields} | {
            "VENV",
            "VIRTUAL_ENV",
            "PYTHONPATH",
            "HF_HUB_OFFLINE",
        }
        made_by_make = {"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "FILE", "MODEL", "ARGS"}
        kept = {name: value for name, value in os.environ.items() if name not in ours | made_by_make}
        return kept | {"PATH": str(self.folder / "bin"), "TMPDIR": str(self.tmp), "LANG": "C.UTF-8"}

    def make(self, *arguments: str, **environment: str) -> Running:
        """Starts make in the copy."""
        return Running(["make", *arguments], self, environment)

    def files(self) -> set[Path]:
        """Every file of the copy but those of the environment, of caches and of compiled code; and the temporary ones."""
        found = set()
        for folder, folders, names in os.walk(self.tree):
            folders[:] = set(folders) - {".venv", ".cache", "__pycache__"}
            found |= {Path(folder, name) for name in names}
        return found | {path for path in self.tmp.rglob("*") if path.is_file()}


def build(folder: Path) -> BareMachine:
    """Copies the tree and links the programs that a Debian without any of ours has."""
    machine = BareMachine(folder)
    shutil.copytree(ROOT, machine.tree, ignore=shutil.ignore_patterns(*_NOT_COPIED), symlinks=True)
    machine.tmp.mkdir()
    programs = folder / "bin"
    programs.mkdir()
    for source in (Path("/usr/bin"), Path("/bin")):
        for program in source.iterdir():
            link = programs / program.name
            # A link of the machine may lead nowhere; its name is taken all the same.
            is_taken = link.exists() or link.is_symlink()
            if program.name not in _NOT_ON_PATH and not program.name.startswith("python") and not is_taken:
                link.symlink_to(program)
    (programs / "python3").symlink_to(Path(sys.base_prefix) / "bin" / "python3")
    return machine
