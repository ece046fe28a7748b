"""The epoch: a random id that a store and a ledger share, so that neither is ever taken for another's (rule 18)."""

from typing import Final

from stenopool.media.store import Store

EPOCH_KEY: Final = "epoch"
"""Key of the store's epoch."""


def read_epoch(store: Store) -> str | None:
    """The store's epoch; None for a store that never met a ledger."""
    try:
        return store.get(EPOCH_KEY).decode("ascii").strip()
    except KeyError:
        return None


def write_epoch(store: Store, epoch: str) -> None:
    """Gives the store an epoch, also in place of another: only after a rebuild."""
    store.replace(EPOCH_KEY, epoch.encode("ascii"))


def found_epoch(store: Store, epoch: str) -> str:
    """Gives an epoch to a store that has none and answers the one in force: of two first starts, one wins."""
    store.put(EPOCH_KEY, epoch.encode("ascii"))
    return store.get(EPOCH_KEY).decode("ascii").strip()
