"""The child's second thread: renews its leases, learns of cancels, watches deadlines and the order to stop.

One script for all claims of the child every ``BEAT_S`` (ledger.md, rules 7 and 10). It renews only while a unit is
within its deadline; then it fails the unit and ends the process, because nothing else ends a call into C.
"""

import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from stenopool.errors import StenopoolError
from stenopool.ledger import operations as op
from stenopool.ledger.ledger import Ledger
from stenopool.ledger.model import BeatVerdict, Blame, Timing
from stenopool.logs import get_logger
from worker.endings import Endings, timeout_code
from worker.holding import Holding
from worker.run_files import ChildRecord, RunFiles

EXIT_OVERDUE: Final = 71
"""Exit status of a child whose unit took too long."""

EXIT_STOPPED: Final = 72
"""Exit status of a child that would not have stopped in time."""

TIMEOUT_DETAIL: Final = "the work took longer than it may, its process was ended"

_TICK_S: Final = 0.5
"""The order to stop is looked for this often."""

_FORCE_AFTER_S: Final = 10.0
"""A unit that reaches no segment within this time after the grace is given back from here."""

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Child:
    """Who beats: ``name`` is ``<worker id>/<pid>``, ``identity`` the engine's in canonical form or empty."""

    name: str
    pid: int
    identity: str
    timing: Timing
    files: RunFiles


class Watchdog:
    """Watches what the child holds. Started once, in the child."""

    def __init__(self, child: Child, ledger: Ledger, endings: Endings) -> None:
        self._child = child
        self._ledger = ledger
        self._endings = endings
        self._lock = threading.Lock()
        self._holdings: tuple[Holding, ...] = ()
        self._drain_until: float | None = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begins; the first sign of life tells the main process that the child is ready."""
        self._write()
        self._thread.start()

    def close(self) -> None:
        """Ends the thread: for tests, a child just exits."""
        self._closing.set()
        self._thread.join(timeout=10)

    def hold(self, holding: Holding) -> None:
        """Takes a claim under watch."""
        with self._lock:
            self._holdings = (*self._holdings, holding)
        self._write()

    def drop(self, holding: Holding) -> None:
        """A claim is no longer held."""
        with self._lock:
            self._holdings = tuple(held for held in self._holdings if held is not holding)
        self._write()

    def draining(self) -> bool:
        """Whether the worker is stopping: no new claims. Reads the order itself, it may be fresh."""
        if self._drain_until is None:
            self._drain_until = self._child.files.drain_until()
        return self._drain_until is not None

    def must_stop(self, holding: Holding) -> bool:
        """Whether the work on a claim must end at the next occasion: the claim is lost or the grace is over."""
        return holding.lost or self.grace_is_over()

    def grace_is_over(self, tolerance_s: float = 0.0) -> bool:
        """Whether the worker should have stopped this many seconds ago."""
        until = self._drain_until
        return until is not None and time.monotonic() >= until + tolerance_s

    def _watch(self) -> None:
        tick_s = min(_TICK_S, self._child.timing.beat_ms / 1000)
        next_beat = 0.0
        while not self._closing.wait(tick_s):
            try:
                self._drain_until = self._child.files.drain_until()
                self._end_if_needed()
                if time.monotonic() >= next_beat:
                    next_beat = time.monotonic() + self._child.timing.beat_ms / 1000
                    self._beat()
            except Exception:  # noqa: BLE001 - said below
                # Without this thread every lease of the child would run out.
                _log.exception("watchdog_stumbled")

    def _end_if_needed(self) -> None:
        holdings = self._holdings
        overdue = [holding for holding in holdings if holding.condemn()]
        if overdue:
            self._fail(overdue)
            os._exit(EXIT_OVERDUE)
        if holdings and self.grace_is_over(_FORCE_AFTER_S):
            self._give_back(holdings)
            os._exit(EXIT_STOPPED)

    def _fail(self, overdue: Sequence[Holding]) -> None:
        for holding in overdue:
            _log.error("unit_overdue", unit=holding.unit, timeout_s=round(holding.timeout_s, 1))
            self._child.files.note_failure(holding.unit)
            try:
                self._endings.fail(holding.grant.claim_id, timeout_code(holding.grant.kind), Blame.UNIT, TIMEOUT_DETAIL)
            except StenopoolError as error:
                # The main process abandons the claims of a dead child: the attempt is spent either way.
                _log.warning("overdue_not_told", unit=holding.unit, error=str(error.code))

    def _give_back(self, holdings: Sequence[Holding]) -> None:
        for holding in holdings:
            _log.warning("unit_given_back", unit=holding.unit)
            try:
                self._ledger.do(op.release(holding.grant.claim_id))
            except StenopoolError as error:
                _log.warning("release_not_told", unit=holding.unit, error=str(error.code))

    def _beat(self) -> None:
        self._write()
        holdings = self._holdings
        if not holdings:
            return
        claims = [holding.held_claim() for holding in holdings]
        try:
            beaten = self._ledger.do(op.beat(self._child.name, claims, self._child.timing))
        except StenopoolError as error:
            _log.warning("beat_failed", error=str(error.code))
            return
        # One that was committed while the beat was on its way is no longer held, and not lost.
        for holding in self._holdings:
            if beaten.verdicts.get(holding.grant.claim_id) is BeatVerdict.LOST and not holding.lost:
                _log.info("claim_lost", unit=holding.unit)
                holding.lose()

    def _write(self) -> None:
        claims = tuple(holding.record() for holding in self._holdings)
        self._child.files.write_child(
            ChildRecord(pid=self._child.pid, identity=self._child.identity, at=time.monotonic(), claims=claims)
        )
