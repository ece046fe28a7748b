"""Why the platform does not take work just now: what several services say in the same words."""

from stenopool.errors import ErrorCode, TransientError


def queue_full() -> TransientError:
    """A run that would have to wait is not begun."""
    return TransientError(ErrorCode.QUEUE_FULL, "too many recordings are waiting", "try again later", retry_after_s=30)


def too_many_joined() -> TransientError:
    """A job is not given to a run that many wait for already."""
    return TransientError(
        ErrorCode.TOO_MANY_JOINED,
        "too many jobs already wait for this very transcription",
        "wait for one of them: the result is the same",
        retry_after_s=30,
    )


def ledger_lost() -> TransientError:
    """Nothing is taken in, and no job denied, while the ledger is not whole."""
    return TransientError(
        ErrorCode.LEDGER_LOST, "the ledger is being rebuilt", "try again in a minute", retry_after_s=30
    )
