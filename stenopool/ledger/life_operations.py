"""Operations on the ledger's own life: its epoch, a rebuild under way, the life of Redis beneath it. Pure."""

from typing import Final

from pydantic import TypeAdapter

from stenopool.ledger.call import Call, argument
from stenopool.ledger.views import Life, RedisRun

_REDIS_RUN: Final = TypeAdapter(RedisRun).validate_json
_LIFE: Final = TypeAdapter(Life).validate_json
_EPOCH: Final = TypeAdapter[str | None](str | None).validate_json
_EPOCH_IN_FORCE: Final = TypeAdapter(str).validate_json
_NOTHING: Final = TypeAdapter(None).validate_json


def read_epoch() -> Call[str | None]:
    """The ledger's epoch; None when the ledger is new or lost. Read only."""
    return Call("read_epoch", argument({}), _EPOCH)


def life() -> Call[Life]:
    """The ledger's epoch, and the one of a rebuild under way. Read only."""
    return Call("life", argument({}), _LIFE)


def redis_run() -> Call[RedisRun]:
    """Whether Redis was started anew, or taken over from, since the ledger was known to be whole. Read only."""
    return Call("redis_run", argument({}), _REDIS_RUN)


def note_redis_run(run_id: str) -> Call[None]:
    """The ledger is whole in this life of Redis; nothing when another one has begun meanwhile."""
    return Call("note_redis_run", argument({"run_id": run_id}), _NOTHING)


def begin_restoring(epoch: str) -> Call[str]:
    """A rebuild begins, or goes on: answers the epoch that it brings, which is that of the first who began.

    Until ``end_restoring`` an unknown job is "not restored yet".
    """
    return Call("begin_restoring", argument({"epoch": epoch}), _EPOCH_IN_FORCE)


def open_restored(epoch: str) -> Call[str | None]:
    """All that is to run is restored: the rebuild's epoch comes into force, and submissions are taken again.

    Not when Redis was lost once more since that rebuild began. Answers the epoch in force.
    """
    return Call("open_restored", argument({"epoch": epoch}), _EPOCH)


def end_restoring(epoch: str) -> Call[None]:
    """The rebuild of this epoch is complete: every job is back."""
    return Call("end_restoring", argument({"epoch": epoch}), _NOTHING)


def set_epoch(epoch: str) -> Call[str]:
    """Gives a ledger without an epoch this one; answers the epoch in force, an older one if there is."""
    return Call("set_epoch", argument({"epoch": epoch}), _EPOCH_IN_FORCE)
