"""Answers what was begun before the order to stop and is not done when the server's grace ends."""

import asyncio

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.dependencies import Services
from api.problems import problem_response
from stenopool.errors import StenopoolError


class OutOfGrace:
    """Turns the server's cancellation into 503 ``shutting_down``; without it the client would be told of a fault."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; everything else passes."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        services: Services = scope["app"].state.services
        with services.stopping.in_hand():
            await self._answer(services, scope, receive, send)

    async def _answer(self, services: Services, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def send_noted(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        except asyncio.CancelledError:
            if has_begun:
                raise
            try:
                services.stopping.require_going_on()
            except StenopoolError as error:
                await problem_response(Request(scope), error)(scope, receive, send)
                return
            raise
