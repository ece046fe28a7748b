"""TCP ports of this machine."""

import socket
from collections.abc import Callable
from typing import Final

LOOPBACK: Final = "127.0.0.1"
"""Never ``localhost``, which may mean ::1 first."""

_LAST: Final = 65535


def free_port() -> int:
    """A TCP port of the loopback address that nobody listens on just now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def port_is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen on ``port`` now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do it: a port whose last connections are only just closed is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def next_free_port(wanted: int, say: Callable[[str], None], host: str = LOOPBACK) -> int:
    """``wanted``, or the next free one above it, told through ``say``; 0 means any."""
    if wanted == 0:
        return free_port()
    port = next((port for port in range(wanted, _LAST + 1) if port_is_free(port, host)), 0) or free_port()
    if port != wanted:
        say(f"port {wanted} is taken: using {port}")
    return port
