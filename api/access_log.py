"""The access log: one line per request, with its route, status, time and who asked; never a query, which may hold a secret."""

import time
from typing import Final

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PROBES: Final = ("/health", "/health/live", "/health/ready", "/metrics")
"""Asked all day long by machines."""
_LONGEST_PATH: Final = 200

_log = structlog.stdlib.get_logger(__name__)


class AccessLog:
    """Logs each request at its end; probes at DEBUG."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; everything else passes."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500

        async def send_noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_noting)
        finally:
            say = _log.debug if scope["path"] in _PROBES else _log.info
            say("request", **_about(scope), status=status, duration_ms=round((time.perf_counter() - began) * 1000, 1))


def _about(scope: Scope) -> dict[str, object]:
    # As sent, percent-encoded: decoded it may hold line breaks.
    path = (scope.get("raw_path") or scope["path"].encode()).decode("ascii", "replace")[:_LONGEST_PATH]
    client = scope.get("client")
    return {
        "method": scope["method"],
        "path": path,
        "route": getattr(scope.get("route"), "path", None),
        "client": client[0] if client else None,
    }
