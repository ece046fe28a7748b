"""A worker that lost its broker asks for it again every second, also after a long outage."""

from typing import Final

import pytest

from stenopool.local.ports import free_port
from stenopool.queueing import reconnecting
from stenopool.queueing.celery_app import make_app

configuration: Final = {"broker_url": f"redis://127.0.0.1:{free_port()}/0"}
"""What the app below is told; nobody listens there."""


class EnoughError(Exception):
    """Enough was seen."""


def test_the_tries_to_reconnect_do_not_grow_further_apart() -> None:
    app = make_app("test", f"{__name__}:configuration", [])
    app.conf.update(configuration)
    pauses: list[float] = []

    def refused(_: Exception, pause_s: float) -> None:
        pauses.append(pause_s)
        if len(pauses) == 3:
            raise EnoughError

    # As Celery's consumer does it, which gives no intervals.
    with app.connection_for_read() as connection, pytest.raises(EnoughError):
        connection.ensure_connection(refused, None)
    assert pauses == [1, 1, 1]


def test_who_waits_for_the_broker_hears_of_each_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconnecting, "_WHILE_AWAY", [])
    app = make_app("test", f"{__name__}:configuration", [])
    app.conf.update(configuration)
    heard: list[str] = []

    def enough() -> None:
        heard.append("celery")
        raise EnoughError

    reconnecting.while_away(lambda: heard.append("ours"))
    with app.connection_for_read() as connection, pytest.raises(EnoughError):
        connection.ensure_connection(None, None, callback=enough)
    assert heard == ["ours", "celery"]
