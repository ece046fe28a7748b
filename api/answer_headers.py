"""Headers of every answer: what a browser must not do with it, and what its route noted for it."""

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ALWAYS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Answers are somebody's own; kept only to be asked about again.
    "Cache-Control": "private, no-cache",
}
_DATA_POLICY: Final = "default-src 'none'; frame-ancestors 'none'"
"""Data is not a page: whatever a browser is made to take for one may load and run nothing."""
_PAGE_POLICY: Final = "frame-ancestors 'none'"


class AnswerHeaders:
    """Adds them where the route has not set its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; everything else passes."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in scope.get("state", {}).get("answer_headers", {}).items():
                    headers[name] = value
                for name, value in _ALWAYS.items():
                    headers.setdefault(name, value)
                is_page = headers.get("content-type", "").startswith("text/html")
                headers.setdefault("Content-Security-Policy", _PAGE_POLICY if is_page else _DATA_POLICY)
            await send(message)

        await self._app(scope, receive, send_with_headers)
