"""What stands before ``prepare`` where the operator has a virus scanner: nothing is decoded that it has not passed."""

from stenopool.errors import ErrorCode, UsageError
from stenopool.ledger.model import Grant
from stenopool.logs import get_logger
from worker.scanner import scan
from worker.units.bench import Bench, Watch

_log = get_logger(__name__)


def require_clean(bench: Bench, grant: Grant, watch: Watch) -> None:
    """Has the recording scanned; without a scanner in the settings nothing happens.

    Raises:
        UsageError: ``infected``, or ``unscannable``: larger than the scanner takes. ``input_missing``.
        TransientError: ``scanner_unavailable``: the unit waits. ``store_unavailable``.
        WorkStoppedError: the watch said so.
    """
    address = bench.settings.scanner_address
    if address is None:
        return
    try:
        file = bench.store.open(grant.media_key)
    except KeyError:
        raise UsageError(
            ErrorCode.INPUT_MISSING, "the recording is no longer in the store", "submit the file again"
        ) from None
    with file:
        verdict = scan(address, file, watch.should_stop)
    if verdict.found:
        _log.warning("recording_infected", found=verdict.found)
        raise UsageError(ErrorCode.INFECTED, "the virus scanner found something in the file")
    if verdict.is_too_large:
        raise UsageError(ErrorCode.UNSCANNABLE, "the file is larger than the virus scanner takes")
