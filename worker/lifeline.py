"""The main process's thread: heartbeat, sweep, children; while the event loop rings and the children work.

A worker is registered when its first child is ready, and unregistered when it stops. One whose weights are not the
pool's does not claim: it says so once, stops listening, and keeps asking. One on which three different units failed in
a row stops for good, with a non-zero exit status: else a broken machine empties the queue into ``failed`` (rule 13).
"""

import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from typing import Final

from stenopool.errors import StenopoolError, TransientError
from stenopool.heartbeat import Heartbeat
from stenopool.ledger import operations as op
from stenopool.ledger.ledger import Ledger
from stenopool.ledger.model import RegisterOutcome, WorkerPulse
from stenopool.logs import get_logger
from worker.children import Children, Worker
from worker.endings import Endings
from worker.event_loop import EventLoop
from worker.run_files import MOST_FAILED_UNITS, Admission

PULSE_S: Final = 10.0
"""Seconds between heartbeats."""

PULSE_TTL_S: Final = 30.0
"""A worker counts as alive for so long after a heartbeat."""

_ADMISSIONS: Final = {
    RegisterOutcome.OK: Admission.OK,
    RegisterOutcome.MISMATCH: Admission.MISMATCH,
    RegisterOutcome.DRAINED: Admission.DRAINED,
}

_TICK_S: Final = 0.2
_RETRY_S: Final = 2.0
_JOIN_S: Final = 10.0

_log = get_logger(__name__)


class Lifeline:
    """Keeps one worker alive in the ledger's eyes."""

    def __init__(
        self, worker: Worker, pools: tuple[str, ...], ledger: Ledger, endings: Endings, loop: EventLoop
    ) -> None:
        self._worker = worker
        self._pools = pools
        self._ledger = ledger
        self._endings = endings
        self._loop = loop
        self._children = Children(worker, ledger, endings, loop.replace_dead_children)
        self._heartbeat = Heartbeat(worker.files.folder.parent, "worker")
        self._in_outage = False
        self._admission: Admission | None = None
        self._identity = ""
        self._next_pulse = 0.0
        self._next_sweep = 0.0
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._live, name="lifeline", daemon=True)

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def close(self) -> None:
        """Stops, gives back what the children still hold, and takes the worker off the register."""
        self._closing.set()
        self._thread.join(_JOIN_S)
        for last_act in (self._children.abandon_all, self._unregister):
            self._guarded(last_act)
        self._heartbeat.stop()

    def _live(self) -> None:
        while not self._closing.wait(_TICK_S):
            self._heartbeat.beat(is_ready=self._admission is not None)
            self._guarded(self._children.look_after)
            self._guarded(self._stop_if_hopeless)
            now = time.monotonic()
            if now >= self._next_pulse:
                self._next_pulse = now + _RETRY_S
                self._guarded(self._pulse)
            if now >= self._next_sweep:
                self._next_sweep = now + self._worker.timing.sweep_ms / 1000
                self._guarded(self._sweep)

    def _guarded(self, act: Callable[[], None]) -> None:
        try:
            act()
        except TransientError as error:
            # An outage is told when it begins, not five times a second.
            if not self._in_outage:
                _log.warning("outage_begins", code=str(error.code))
            self._in_outage = True
        except Exception:  # noqa: BLE001 - said below
            # The thread must go on: without it the worker would fall off the register and nobody would sweep.
            _log.exception("lifeline_stumbled")

    def _pulse(self) -> None:
        ready = next(iter(self._worker.files.children()), None)
        if ready is None and self._admission is None:
            # Nothing to register yet. A later gap, while a dead child is being replaced, keeps the worker registered.
            self._next_pulse = 0.0
            return
        if ready is not None:
            self._identity = ready.identity
        registered = self._ledger.do(op.register(self._own_pulse(), round(PULSE_TTL_S * 1000)))
        admission = _ADMISSIONS[registered.outcome]
        self._next_pulse = time.monotonic() + (PULSE_S if admission is Admission.OK else _RETRY_S)
        self._admit(admission, registered.identity)

    def _own_pulse(self) -> WorkerPulse:
        state = "draining" if self._worker.files.drain_until() is not None else ", ".join(self._children.labels())
        return WorkerPulse(
            worker_id=self._worker.worker_id,
            pools=self._pools,
            identity=self._identity,
            host=socket.gethostname(),
            pid=os.getpid(),
            state=state or "idle",
            device=self._worker.device,
            gpu=self._worker.gpu,
        )

    def _admit(self, admission: Admission, identity: str) -> None:
        if admission is self._admission or self._admission is Admission.BROKEN:
            return
        self._admission = admission
        self._worker.files.admit(admission)
        if admission is Admission.OK:
            _log.info("worker_admitted", pools=self._pools)
            self._loop.listen()
        elif admission is Admission.DRAINED:
            # What a child holds it finishes; bells are left to those who may claim.
            _log.info("worker_drained", pools=self._pools)
            self._loop.stop_listening()
        else:
            _log.error("worker_not_admitted", pools=self._pools, own=self._identity, registered=identity)
            self._loop.stop_listening()

    def _sweep(self) -> None:
        swept = self._endings.sweep(self._worker.timing)
        if self._in_outage:
            _log.info("outage_over")
            self._in_outage = False
        if swept.expired or swept.failed:
            _log.warning("leases_expired", expired=swept.expired, failed=swept.failed)

    def _stop_if_hopeless(self) -> None:
        if self._admission is Admission.BROKEN:
            return
        reason = self._worker.files.refusal()
        if reason is None and self._worker.files.failed_units() >= MOST_FAILED_UNITS:
            reason = f"{MOST_FAILED_UNITS} different units failed in a row: this machine is suspected, not they"
        if reason is None:
            return
        _log.critical("worker_stops", reason=reason)
        self._admission = Admission.BROKEN
        self._worker.files.admit(Admission.BROKEN)
        self._loop.stop_listening()
        # To Celery's own handler in the main thread: a warm stop with a non-zero exit status.
        os.kill(os.getpid(), signal.SIGINT)

    def _unregister(self) -> None:
        try:
            self._ledger.do(op.unregister(self._worker.worker_id))
        except StenopoolError as error:
            _log.info("not_unregistered", code=str(error.code))
