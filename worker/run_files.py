"""Small files through which a worker's main process and its children speak: who, ready, beating, stop.

They lie in ``<data_dir>/run/worker-<host>-<main pid>``; a child finds them by its parent's pid. Files, because they
work while a child holds the GIL, outlive its death, and a person can read them. Moments are ``time.monotonic()``,
which on Linux and macOS counts alike in all processes of a machine.
"""

import contextlib
import os
import shutil
import socket
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from stenopool.ledger.model import UnitKind

MOST_FAILED_UNITS: Final = 3
"""So many different units failing in a row are not the units' fault (rule 13)."""

_WORKER: Final = "worker.json"
_ADMISSION: Final = "admission"
_DRAIN: Final = "drain.json"
_REFUSAL: Final = "refusal.json"
_FAILED_UNITS: Final = "failed-units"
_CHILD: Final = "child-{pid}.json"


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class WorkerRecord(_Record):
    """What the main process tells its children before it starts them."""

    worker_id: str
    pools: tuple[str, ...]
    children: int
    device: str = ""
    """Where the model runs: ``cpu``, ``cuda``; empty without a model."""
    gpu_uuid: str = ""
    """The GPU that the main process holds; empty without one."""


class ClaimRecord(_Record):
    """A claim that a child holds."""

    claim_id: str
    unit: str
    """``<transcription>/<unit>``."""
    label: str
    """The same for people: ``3f9a1c2b span 4/12``."""
    started: bool
    done_s: float
    kind: UnitKind


class ChildRecord(_Record):
    """A child's sign of life: first written when it is ready to work, renewed with each beat.

    ``identity`` is its engine's in canonical form, empty without one; ``at`` the moment of the beat.
    """

    pid: int
    identity: str
    at: float
    claims: tuple[ClaimRecord, ...] = ()


class Admission(StrEnum):
    """Whether the children may claim."""

    OK = "ok"
    MISMATCH = "mismatch"
    """The pool is served with other weights."""
    DRAINED = "drained"
    """The operator wants it to claim nothing."""
    BROKEN = "broken"
    """Too many units failed here: the machine is suspected."""


class _Drain(_Record):
    until: float


class _Refusal(_Record):
    message: str


R = TypeVar("R", bound=_Record)


class RunFiles:
    """The folder of one worker. Reads answer None for what is not there; writes replace as a whole."""

    def __init__(self, run_dir: Path, main_pid: int) -> None:
        # The host is part of the name: containers share the data directory, and often their pids too.
        self.folder = run_dir / f"worker-{socket.gethostname()}-{main_pid}"

    def create(self, worker: WorkerRecord) -> None:
        """Makes the folder anew; one left by a dead process of the same pid goes."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self._write(_WORKER, worker.model_dump_json())

    def remove(self) -> None:
        """Takes the folder away."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def worker(self) -> WorkerRecord | None:
        """Who the worker is; None means that its main process is gone or never was ours."""
        return self._read(_WORKER, WorkerRecord)

    def admit(self, admission: Admission) -> None:
        """Tells the children whether they may claim."""
        self._write(_ADMISSION, admission)

    def admission(self) -> Admission | None:
        """Whether the children may claim; None until the worker is registered."""
        with contextlib.suppress(OSError, ValueError):
            return Admission((self.folder / _ADMISSION).read_text("ascii"))
        return None

    def drain(self, until: float) -> None:
        """Tells the children to stop: no new claims, the unit in hand may go on until this moment."""
        self._write(_DRAIN, _Drain(until=until).model_dump_json())

    def drain_until(self) -> float | None:
        """The moment until which the unit in hand may go on; None while the worker is not stopping."""
        record = self._read(_DRAIN, _Drain)
        return record.until if record else None

    def refuse(self, message: str) -> None:
        """A child cannot work here and says why: weights missing, settings wrong."""
        self._write(_REFUSAL, _Refusal(message=message).model_dump_json())

    def refusal(self) -> str | None:
        """Why a child cannot work here."""
        record = self._read(_REFUSAL, _Refusal)
        return record.message if record else None

    def write_child(self, record: ChildRecord) -> None:
        """A child's sign of life."""
        self._write(_CHILD.format(pid=record.pid), record.model_dump_json())

    def children(self) -> Iterator[ChildRecord]:
        """The children that were ready once and whose file was not removed."""
        for file in sorted(self.folder.glob(_CHILD.format(pid="*"))):
            record = self._read(file.name, ChildRecord)
            if record is not None:
                yield record

    def remove_child(self, pid: int) -> None:
        """A dead child's file goes."""
        with contextlib.suppress(OSError):
            (self.folder / _CHILD.format(pid=pid)).unlink()

    def note_failure(self, unit: str) -> None:
        """Counts a unit that failed here, not by its recording's fault."""
        # One short line in append mode is written whole, whoever else writes.
        with contextlib.suppress(OSError), (self.folder / _FAILED_UNITS).open("a", encoding="ascii") as file:
            file.write(f"{unit}\n")

    def note_success(self) -> None:
        """A unit was done: the machine works, the count begins anew."""
        with contextlib.suppress(OSError):
            (self.folder / _FAILED_UNITS).unlink()

    def failed_units(self) -> int:
        """How many different units failed since the last success."""
        with contextlib.suppress(OSError):
            return len(set((self.folder / _FAILED_UNITS).read_text("ascii").split()))
        return 0

    def _read(self, name: str, kind: type[R]) -> R | None:
        with contextlib.suppress(OSError, ValidationError):
            return kind.model_validate_json((self.folder / name).read_bytes())
        return None

    def _write(self, name: str, text: str) -> None:
        unfinished = self.folder / f".{name}.{os.getpid()}"
        with contextlib.suppress(OSError):
            # A folder that is gone means a main process that is gone; its children follow by themselves.
            unfinished.write_text(text, "utf-8")
            unfinished.replace(self.folder / name)


def run_dir(data_dir: Path) -> Path:
    """Where all processes of a data directory keep their run files."""
    return data_dir / "run"
