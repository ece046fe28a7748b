"""Starts Flower, shut to strangers: ``python -m beat.flower [--address=0.0.0.0] [any option of Flower's]``.

``celery -A beat.app flower`` runs the same program as its authors set it: open to the network, with a button that stops
workers. Here it listens on loopback, below ``/flower``, only looks, and asks for ``FLOWER_BASIC_AUTH``; its options may
say otherwise, except that nobody but this machine is served without a password, and in production not even that.
"""

import atexit
import contextlib
import signal
import sys
from collections.abc import Iterable, Sequence
from typing import Final

from stenopool.errors import FatalError
from stenopool.logs import configure_logs
from stenopool.settings import Settings, load_settings

DEFAULTS: Final = (
    "--address=127.0.0.1",
    "--port=5555",
    # Where nginx has it, and where its health is asked for (stenopool/alive.py).
    "--url_prefix=flower",
    # Workers are stopped and drained by other means; a click must not.
    "--read_only=true",
    # Each replaced container is another worker.
    "--purge_offline_workers=3600",
    "--max_tasks=10000",
)

SHORTEST_PASSWORD: Final = 12

_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs Flower until it is told to stop.

    Raises:
        SystemExit: with one line about what is wrong.
    """
    try:
        settings = load_settings()
    except FatalError as error:
        raise SystemExit(f"flower: {error.message}") from None
    configure_logs(settings, "flower")
    _serve(settings, sys.argv[1:] if arguments is None else arguments)


def refusal(settings: Settings, address: str, credentials: Iterable[str] | None) -> str | None:
    """Why Flower must not be served so; None where it may. ``credentials`` are its pairs of ``name:password``."""
    pairs = list(credentials or ())
    for pair in pairs:
        name, _, password = pair.partition(":")
        if not name or len(password) < SHORTEST_PASSWORD:
            return (
                f"FLOWER_BASIC_AUTH is name:password, with {SHORTEST_PASSWORD} characters or more in the password "
                "and no comma, for instance from: openssl rand -hex 32"
            )
    if pairs:
        return None
    if settings.environment == "production":
        return "FLOWER_BASIC_AUTH must be set with ENVIRONMENT=production"
    if address not in _LOOPBACK:
        return f"FLOWER_BASIC_AUTH must be set to listen on {address or 'all addresses'}"
    return None


def _serve(settings: Settings, arguments: Sequence[str]) -> None:
    # Here: importing Flower defines options for the whole process.
    from flower import command  # noqa: PLC0415
    from flower.app import Flower  # noqa: PLC0415
    from flower.urls import settings as tornado_settings  # noqa: PLC0415
    from tornado.options import options  # noqa: PLC0415

    from beat.app import app  # noqa: PLC0415

    command.apply_env_options()
    if settings.flower_basic_auth is not None:
        options.basic_auth = settings.flower_basic_auth.get_secret_value().split(",")
    command.apply_options("flower", [*DEFAULTS, *arguments])
    command.extract_settings()
    fault = refusal(settings, options.address, options.basic_auth)
    if fault is not None and not options.auth:
        raise SystemExit(f"flower: {fault}")
    served = Flower(capp=app, options=options, **tornado_settings)
    atexit.register(served.stop)
    signal.signal(signal.SIGTERM, command.sigterm_handler)
    served.start_http_server()
    with contextlib.suppress(KeyboardInterrupt):
        served.start()


if __name__ == "__main__":
    main()
