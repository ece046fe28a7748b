"""The machine: its Python, how many files may be open, and the ports that this installation wants."""

import http.client
import resource
import sys
from collections.abc import Sequence
from contextlib import closing
from typing import Final

from stenopool.doctor.finding import Finding, Level, fail, ok, warn
from stenopool.local.ports import LOOPBACK, port_is_free
from stenopool.settings import Settings

PYTHONS: Final = ((3, 11), (3, 13))
"""Oldest and newest that are served."""

FEW_FILES: Final = 4096
"""An API process with its listeners has a socket for each; below this the limit comes before ``too_many_listeners``."""

TOO_FEW_FILES: Final = 256

_ASK_LIMIT_S: Final = 3.0
_EVERYWHERE: Final = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - compared.


def look_at_python(version: Sequence[int] = sys.version_info[:3]) -> Finding:
    """Whether this Python is one of those that are tested."""
    here = ".".join(str(part) for part in version)
    oldest, newest = (".".join(map(str, limit)) for limit in PYTHONS)
    if not PYTHONS[0] <= tuple(version[:2]) <= PYTHONS[1]:
        return fail("python", f"this is Python {here}", f"Python {oldest} to {newest}")
    return ok("python", f"Python {here}")


def look_at_open_files() -> Finding:
    """The limit that this shell gives; a service has its own (``LimitNOFILE``, ``ulimits``)."""
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    line = f"a process may have {soft} files open"
    remedy = "ulimit -n 65536; LimitNOFILE=65536 for systemd, ulimits for a container"
    if soft < TOO_FEW_FILES:
        return fail("open_files", line, remedy)
    if soft < FEW_FILES:
        return warn("open_files", line, remedy)
    return ok("open_files", line)


def look_at_ports(settings: Settings) -> list[Finding]:
    """Whether the ports are free, or our own processes have them already."""
    api = _port("api_port", "API_PORT", settings.api_host, settings.api_port, ("/health/live", b'"alive"'))
    if not settings.worker_metrics_port:
        return [api]
    host, port = settings.worker_metrics_host, settings.worker_metrics_port
    metrics = _port("metrics_port", "WORKER_METRICS_PORT", host, port, ("/metrics", b"# HELP "))
    if metrics.level is Level.FAIL:
        # It costs the metrics, not the work.
        metrics = warn(metrics.code, metrics.found, metrics.remedy)
    return [api, metrics]


def _port(code: str, setting: str, host: str, port: int, sign: tuple[str, bytes]) -> Finding:
    if port == 0 or port_is_free(port, host):
        return ok(code, f"port {port or 'of any number'} is free")
    path, ours = sign
    if ours in _ask(LOOPBACK if host in _EVERYWHERE else host, port, path):
        return ok(code, f"port {port} is ours: a process of this kind answers there")
    return fail(
        code, f"port {port} is somebody else's", f"another {setting}, or stop who has it: ss -ltnp 'sport = {port}'"
    )


def _ask(host: str, port: int, path: str) -> bytes:
    try:
        with closing(http.client.HTTPConnection(host, port, timeout=_ASK_LIMIT_S)) as connection:
            connection.request("GET", path)
            return connection.getresponse().read(100_000)
    except (OSError, http.client.HTTPException):
        return b""
