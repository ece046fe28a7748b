"""The main process looks after its children: who died, who has fallen silent over a claim.

A dead child's claims are given back at once (rule 11). A silent one is a child whose second thread cannot run: a call
into C holds the interpreter's lock. Its leases are renewed from here, so that nobody else starts what may only be
slow, until it has been silent for two lease periods; then its unit fails and it is killed (rule 10).
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stenopool.errors import StenopoolError
from stenopool.ledger import operations as op
from stenopool.ledger.ledger import Ledger
from stenopool.ledger.model import Blame, HeldClaim, Timing
from stenopool.logs import get_logger
from worker.endings import Endings, timeout_code
from worker.run_files import ChildRecord, ClaimRecord, RunFiles

_SILENT_DETAIL: Final = "the work took longer than it may and did not answer, its process was ended"

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Worker:
    """The main process's own side: ``worker_id`` as registered."""

    worker_id: str
    timing: Timing
    files: RunFiles
    device: str = ""
    """Where its model runs; empty without a model."""
    gpu: str = ""
    """The GPU that it holds, as JSON; empty without one."""


class Children:
    """The children of one worker."""

    def __init__(self, worker: Worker, ledger: Ledger, endings: Endings, replace_dead: Callable[[], object]) -> None:
        """``replace_dead`` makes the pool look for dead children now."""
        self._worker = worker
        self._ledger = ledger
        self._endings = endings
        self._replace_dead = replace_dead
        self._last_renewal = 0.0

    def look_after(self) -> None:
        """Deals with the dead and the silent.

        Raises:
            TransientError: the ledger does not answer; the next look tries again.
        """
        for child in self._worker.files.children():
            if not is_alive(child.pid):
                self._bury(child)
            elif child.claims:
                self._listen_to(child)

    def abandon_all(self) -> None:
        """At the worker's end: whatever a child still holds goes back at once."""
        for child in self._worker.files.children():
            self._abandon(child)

    def labels(self) -> Iterator[str]:
        """What is being worked on, for people."""
        for child in self._worker.files.children():
            for claim in child.claims:
                yield claim.label

    def _bury(self, child: ChildRecord) -> None:
        self._replace_dead()
        _log.warning("child_died", pid=child.pid, units=[claim.unit for claim in child.claims])
        # Also without a claim in its file: it may have died between the ledger's answer and its note.
        self._abandon(child)
        # Last, so that a look that was broken off is repeated.
        self._worker.files.remove_child(child.pid)

    def _abandon(self, child: ChildRecord) -> None:
        abandoned = self._endings.abandon(self._name_of(child))
        if abandoned.claims:
            # None means that the child had told the ledger itself; then it has counted the failure, too.
            self._note_failures(child.claims)

    def _listen_to(self, child: ChildRecord) -> None:
        lease_s = self._worker.timing.lease_ms / 1000
        silent_s = time.monotonic() - child.at
        if silent_s > 2 * lease_s:
            self._end_silent(child, silent_s)
        elif silent_s > lease_s / 2 and time.monotonic() - self._last_renewal > self._worker.timing.beat_ms / 1000:
            self._last_renewal = time.monotonic()
            claims = [HeldClaim(claim.claim_id, claim.started, claim.done_s) for claim in child.claims]
            self._ledger.do(op.beat(self._name_of(child), claims, self._worker.timing))

    def _end_silent(self, child: ChildRecord, silent_s: float) -> None:
        _log.error("child_silent", pid=child.pid, silent_s=round(silent_s, 1))
        self._note_failures(child.claims)
        for claim in child.claims:
            try:
                self._endings.fail(claim.claim_id, timeout_code(claim.kind), Blame.UNIT, _SILENT_DETAIL)
            except StenopoolError as error:
                # Killed all the same: it holds the machine. Its claims are abandoned with it.
                _log.warning("silence_not_told", unit=claim.unit, code=str(error.code))
        if is_alive(child.pid):
            os.kill(child.pid, signal.SIGKILL)

    def _note_failures(self, claims: tuple[ClaimRecord, ...]) -> None:
        for claim in claims:
            if claim.started:
                self._worker.files.note_failure(claim.unit)

    def _name_of(self, child: ChildRecord) -> str:
        return f"{self._worker.worker_id}/{child.pid}"


def is_alive(pid: int) -> bool:
    """Whether ``pid`` is a living child of this process; a zombie is dead, and so is a stranger with its number."""
    stat = Path(f"/proc/{pid}/stat")
    try:
        # The name in the second field may hold anything, also brackets; the fields wanted follow the last one.
        state, parent = stat.read_text("utf-8", "replace").rpartition(")")[2].split()[:2]
    except OSError:
        return Path("/proc/self").exists() is False and _answers_to_signals(pid)
    return state not in ("Z", "X") and int(parent) == os.getpid()


def _answers_to_signals(pid: int) -> bool:
    """Where there is no /proc: a zombie still counts as alive until the pool has reaped it."""
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True
