"""Which methods an address knows: what a 405 has to list (RFC 9110, 15.5.6)."""

from typing import Final

from starlette.requests import Request
from starlette.routing import BaseRoute, Match

_METHODS: Final = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")


def allowed_methods(request: Request) -> str:
    """The value of ``Allow``. Starlette's own names the methods of the first route at the address alone."""
    routes: list[BaseRoute] = request.app.router.routes
    known = [method for method in _METHODS if any(_takes(route, request, method) for route in routes)]
    return ", ".join(known)


def _takes(route: BaseRoute, request: Request, method: str) -> bool:
    # A copy: matching writes what it found into the scope.
    match, _ = route.matches({**request.scope, "method": method})
    return match is Match.FULL
