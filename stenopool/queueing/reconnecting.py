"""Connections to the broker that come back soon after an outage."""

from collections.abc import Callable
from typing import Any, Final

from celery.app.amqp import AMQP
from kombu.connection import Connection

RECONNECT_S: Final = 1.0
"""Seconds between two tries. Celery's own grow by two each time, up to 30, and no setting changes that: after a minute
without Redis a worker heard no bell for another 14 s."""


_WHILE_AWAY: Final[list[Callable[[], None]]] = []


def while_away(call: Callable[[], None]) -> None:
    """Has ``call`` called at each try of this process to reach a lost broker: whoever waits for it is not dead."""
    _WHILE_AWAY.append(call)


class ReconnectingConnection(Connection):
    """Tries once a second, however long the outage lasts: whose bell it would be waits as well."""

    def ensure_connection(self, *args: Any, **options: Any) -> Any:
        """As kombu's, with other intervals, and telling those who asked for it."""
        also = options.pop("callback", None)

        def waiting() -> None:
            for call in (*_WHILE_AWAY, *([also] if also else [])):
                call()

        return super().ensure_connection(  # type: ignore[no-untyped-call]  # kombu has no types.
            *args,
            callback=waiting,
            **{"interval_start": RECONNECT_S, "interval_step": 0.0, "interval_max": RECONNECT_S, **options},
        )

    def maybe_close_channel(self, channel: Any) -> None:
        """As kombu's, but messages in hand are not given back to a broker that was lost.

        With the transport everything is gone that giving back needs, and kombu ended the whole process over that. Nothing
        is lost: Redis has the messages among its unacknowledged ones, and a bell says only that there may be work.
        """
        if self._transport is None:
            channel.do_restore = False
        super().maybe_close_channel(channel)  # type: ignore[no-untyped-call]  # kombu has no types.


class ReconnectingAmqp(AMQP):  # type: ignore[misc]  # Celery ships no types.
    """What a Celery app makes its connections with."""

    Connection = ReconnectingConnection
