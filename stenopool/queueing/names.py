"""Names of pools, queues and tasks. A pool's queue has the pool's name; pure."""

import hashlib
import re
from typing import Final

PREPARE: Final = "prepare"
"""Pool and queue of the prepare workers."""

HOUSE: Final = "house"
"""Queue of the housekeeper; holds beat's messages, no bells."""

SHIFT_TASK: Final = "shift.open"
"""The task that a bell calls; its only argument is the queue."""

EMPTY_BELL: Final = "bell.empty"
"""What a bell is called in Flower once it has turned out that nothing waited: such come often, and are no work."""

BELL_PREFIX: Final = "steno:bell:"
"""Prefix of every key that Celery writes: its lists stand beside the ledger's keys, never among them."""

_SAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")


def recognise_pool(engine: str, model: str) -> str:
    """Pool of the workers that recognise with ``model`` on ``engine``: ``recognise.<engine>.<model>``.

    A model may be a path or a repository id; what a queue name cannot hold becomes ``-``, and a short hash keeps two
    such names apart.
    """
    safe = _SAFE.sub("-", model).strip("-.")
    if safe != model:
        safe = f"{safe[-40:]}-{hashlib.sha256(model.encode()).hexdigest()[:8]}"
    return f"recognise.{engine}.{safe}"


def is_recognise(pool: str) -> bool:
    """Whether the pool's workers hold a model."""
    return pool.startswith("recognise.")
