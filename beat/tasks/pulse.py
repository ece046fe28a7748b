"""The housekeeper's sign of life."""

import os
import socket
from typing import Final

from beat.app import app, postman_is_well
from beat.house import house
from stenopool.ledger import operations as op
from stenopool.ledger.model import WorkerPulse
from stenopool.logs import get_logger
from stenopool.queueing.names import HOUSE

PULSE_TTL_MS: Final = 30_000
"""The housekeeper counts as alive for so long after a pulse."""

_log = get_logger(__name__)


@app.task(name="house.pulse")  # type: ignore[untyped-decorator]  # Celery ships no types.
def pulse() -> str:
    """Registers the housekeeper like a worker: ``pool_view("house").live_workers`` tells whether one lives.

    Sent by the clock through the broker, so it says that all three work; and the postman, whose silence nobody else sees.
    """
    if not postman_is_well():
        _log.error("postman_silent")
        return "not registered: the postman is silent"
    host = socket.gethostname()
    sign = WorkerPulse(f"{host}:{os.getpid()}:house", (HOUSE,), identity="", host=host, pid=os.getpid(), state="idle")
    house().ledger.do(op.register(sign, PULSE_TTL_MS))
    return "registered"
