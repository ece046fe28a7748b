"""What is kept of every request: numbers for the metrics and one line in the log. Of its address only the route."""

import time
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stenopool import metrics
from stenopool.instruments import OTHER
from stenopool.logs import get_logger

UNMATCHED: Final = "unmatched"
"""Route of a request that no route answers. Its path may hold anything, also a secret."""

_PROBES: Final = frozenset({"/health", "/health/live", "/health/ready", "/metrics"})
"""Asked every few seconds by machines: logged at DEBUG."""

_log = get_logger(__name__)


class RequestRecord:
    """Counts, times and logs requests; everything else passes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        seen = _Seen()

        async def receive_counted() -> Message:
            message = await receive()
            if message["type"] == "http.request" and message.get("body"):
                metrics.UPLOAD_BYTES.inc(len(message["body"]))
            return message

        async def send_noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.answered(message["status"])
            await send(message)

        metrics.REQUESTS_IN_PROGRESS.change(1)
        try:
            await self._app(scope, receive_counted, send_noted)
        except Exception:
            # Whoever is further out answers it so.
            if seen.status is None:
                seen.answered(500)
            raise
        finally:
            metrics.REQUESTS_IN_PROGRESS.change(-1)
            seen.keep(scope)


class _Seen:
    """One request, as far as it has come."""

    def __init__(self) -> None:
        self._begun = time.perf_counter()
        self._took_s = 0.0
        self.status: int | None = None

    def answered(self, status: int) -> None:
        """The answer begins; a stream may go on for hours after it."""
        self.status = status
        self._took_s = time.perf_counter() - self._begun

    def keep(self, scope: Scope) -> None:
        """Puts it into the metrics and the log."""
        route = route_of(scope)
        method = scope["method"] if scope["method"] in metrics.METHODS else OTHER
        metrics.REQUESTS.inc(route=route, method=method, status=f"{(self.status or 0) // 100}xx")
        if self.status is not None:
            metrics.REQUEST_DURATION.observe(self._took_s, route=route, method=method)
        say = _log.debug if route in _PROBES else _log.info
        say("request", route=route, method=method, status=self.status, ms=round(self._took_s * 1000, 1))


def route_of(scope: Scope) -> str:
    """The template of the route that answered, ``/status/{job_id}``; the router has left its choice in the scope."""
    route = getattr(scope.get("route"), "path", "")
    if not route and "endpoint" in scope and scope["path"] in {getattr(one, "path", "") for one in scope["app"].routes}:
        # The framework's own, /docs and /openapi.json, leave no template; they have no parameters either.
        return str(scope["path"])
    return str(route) or UNMATCHED
