"""Connections to the broker that come back soon after an outage."""

from typing import Any, Final

from celery.app.amqp import AMQP
from kombu.connection import Connection

RECONNECT_S: Final = 1.0
"""Seconds between two tries. Celery's own grow by two each time, up to 30, and no setting changes that: after a minute
without Redis a worker heard no bell for another 14 s."""


class ReconnectingConnection(Connection):
    """Tries once a second, however long the outage lasts: whose bell it would be waits as well."""

    def ensure_connection(self, *args: Any, **options: Any) -> Any:
        """As kombu's, with other intervals."""
        return super().ensure_connection(  # type: ignore[no-untyped-call]  # kombu has no types.
            *args, **{"interval_start": RECONNECT_S, "interval_step": 0.0, "interval_max": RECONNECT_S, **options}
        )


class ReconnectingAmqp(AMQP):  # type: ignore[misc]  # Celery ships no types.
    """What a Celery app makes its connections with."""

    Connection = ReconnectingConnection
