"""Ends units badly on behalf of a worker, and writes the endings of the runs that fail by it into their jobs' manifests."""

from typing import TypeVar

from stenopool.errors import ErrorCode
from stenopool.ledger import operations as op
from stenopool.ledger.call import Call
from stenopool.ledger.ledger import Ledger
from stenopool.ledger.model import Abandoned, Blame, Committed, Failed, FailingAnswer, Released, Swept, Timing, UnitKind
from stenopool.media.endings import write_endings
from stenopool.media.store import Store

_A = TypeVar("_A", bound=FailingAnswer)


def timeout_code(kind: UnitKind) -> ErrorCode:
    """The reason of a unit that took too long."""
    return ErrorCode.DECODE_TIMEOUT if kind is UnitKind.PREPARE else ErrorCode.ENGINE_TIMEOUT


class Endings:
    """The operations by which a run may fail. Each raises ``TransientError`` when the ledger does not answer."""

    def __init__(self, ledger: Ledger, store: Store) -> None:
        self._ledger = ledger
        self._store = store

    def fail(self, claim_id: str, code: ErrorCode, blame: Blame, detail: str) -> Failed:
        """Fails an attempt."""
        return self._written(op.fail(claim_id, code, blame, detail))

    def release(self, claim_id: str, delay_ms: int) -> Released:
        """Gives a unit back; delays that come to more than an hour fail its run."""
        return self._written(op.release(claim_id, delay_ms))

    def abandon(self, worker: str) -> Abandoned:
        """Ends the leases of a dead child, ``worker`` is ``<worker id>/<pid>``; a third attempt fails the run."""
        return self._written(op.abandon(worker))

    def sweep(self, timing: Timing) -> Swept:
        """Ends the leases that ran out, of whomever."""
        return self._written(op.sweep(timing))

    def commit(self, call: Call[Committed]) -> Committed:
        """Commits a unit. A plan may end its run: the recording is longer than its tenant may have transcribed today."""
        return self._written(call)

    def _written(self, call: Call[_A]) -> _A:
        answer = self._ledger.do(call)
        write_endings(self._store, answer.failed_runs)
        return answer
