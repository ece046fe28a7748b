"""Trusted hosts: where the operator named them, a request for any other name is refused."""

from collections.abc import Collection
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api.problems import problem_response
from api.services.callers import is_local_name
from stenopool.errors import ErrorCode, UsageError

_PROBES: Final = ("/health/live", "/health/ready")
"""Probes ask by address and learn nothing but that somebody is there."""


class TrustedHosts:
    """Compares ``Host`` with the names, and lets this machine's own pass. Without names all pass."""

    def __init__(self, app: ASGIApp, names: Collection[str]) -> None:
        self._app = app
        self._names = frozenset(name.lower() for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; everything else passes."""
        if scope["type"] != "http" or not self._names or scope["path"] in _PROBES:
            await self._app(scope, receive, send)
            return
        if is_local_name(Headers(scope=scope).get("host", ""), self._names):
            await self._app(scope, receive, send)
            return
        refusal = UsageError(ErrorCode.BAD_HOST, "this installation has another name", "ask the operator for its name")
        await problem_response(Request(scope), refusal)(scope, receive, send)
