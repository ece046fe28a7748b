"""Opens bodies in the store for services: what is missing there is gone, unless it is the store itself that is missing."""

from typing import BinaryIO

from stenopool.errors import ErrorCode, TransientError, UsageError
from stenopool.media.epoch import read_epoch
from stenopool.media.store import Store


def open_stored(store: Store, key: str, gone: UsageError) -> BinaryIO:
    """The object for reading; whoever opens it closes it. Blocks.

    Raises:
        UsageError: ``gone``.
        TransientError: ``store_unavailable``, also when the store is not the one it should be.
    """
    try:
        return store.open(key)
    except KeyError:
        raise missing(store, gone) from None


def missing(store: Store, gone: UsageError) -> UsageError | TransientError:
    """What to say where an object is not in the store. Blocks."""
    if read_epoch(store) is None:
        # A folder where no store is mounted has nothing either, and that is no reason to say "gone".
        return TransientError(ErrorCode.STORE_UNAVAILABLE, "the store cannot be read just now")
    return gone
