"""A claim in hand: what the unit's thread and the watchdog's thread tell each other about it."""

import threading
import time

from stenopool.ledger.model import Grant, HeldClaim, UnitKind
from worker.run_files import ClaimRecord


class Holding:
    """One claim of this child. The worker's thread reports progress, the watchdog's thread reports its loss."""

    def __init__(self, grant: Grant, timeout_s: float, is_handed: bool = False) -> None:
        """Holds ``grant``; once started, its work may take ``timeout_s`` seconds by the wall clock.

        ``is_handed``: not claimed, but handed out by the commit of the unit before.
        """
        self.grant = grant
        self.is_handed = is_handed
        self.timeout_s = timeout_s
        self._lock = threading.Lock()
        self._deadline: float | None = None
        self._started = False
        self._condemned = False
        self._done_s = 0.0
        self._lost = threading.Event()

    @property
    def unit(self) -> str:
        """``<transcription>/<unit>``."""
        return f"{self.grant.transcription_id}/{self.grant.unit_id}"

    @property
    def label(self) -> str:
        """The unit for people: ``3f9a1c2b span 1/4``."""
        name = self.grant.unit_id
        if self.grant.kind is UnitKind.SPAN:
            number = int(name.rpartition("-")[2]) + 1
            name = f"span {number}/{max(self.grant.units, number)}"
        return f"{self.grant.transcription_id[:8]} {name}"

    @property
    def lost(self) -> bool:
        """Whether the ledger said that the claim is no longer in force: the run ended, or another has the unit."""
        return self._lost.is_set()

    def lose(self) -> None:
        """The ledger said ``lost``."""
        self._lost.set()

    def start(self) -> None:
        """The work begins: the deadline counts from here."""
        with self._lock:
            self._started = True
            self._deadline = time.monotonic() + self.timeout_s

    def progress(self, done_s: float) -> None:
        """Audio-seconds of the unit done so far."""
        with self._lock:
            self._done_s = done_s

    def end_work(self) -> bool:
        """The work is done, only its commit is left: from here no deadline counts.

        False: the watchdog was faster; it fails the unit and ends this process.
        """
        with self._lock:
            self._deadline = None
            return not self._condemned

    def condemn(self) -> bool:
        """Whether the work has taken longer than it may; if so there is no way back."""
        with self._lock:
            self._condemned = self._condemned or (self._deadline is not None and time.monotonic() > self._deadline)
            return self._condemned

    def held_claim(self) -> HeldClaim:
        """The claim as a beat tells it."""
        with self._lock:
            return HeldClaim(self.grant.claim_id, self._started, self._done_s)

    def record(self) -> ClaimRecord:
        """The claim as the main process reads it."""
        held = self.held_claim()
        return ClaimRecord(
            claim_id=held.claim_id,
            unit=self.unit,
            label=self.label,
            started=held.started,
            done_s=held.done_s,
            kind=self.grant.kind,
        )
