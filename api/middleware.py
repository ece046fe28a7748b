"""Around every request: an id for it, a last resort for faults, and a polite end to uploads that were refused."""

import asyncio
import re
import time
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import problem_response
from stenopool.errors import ErrorCode, FatalError
from stenopool.ids import new_id
from stenopool.logs import bind, get_logger

REQUEST_ID_HEADER: Final = "X-Request-ID"
_GOOD_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")

_LINGER_S: Final = 10.0
"""A refused client may go on sending this long, so that it gets to reading the answer."""
_LINGER_IDLE_S: Final = 1.0

_log = get_logger(__name__)


class RequestId:
    """Takes the client's X-Request-ID when it is well-formed, else makes one; echoes it, binds it to the logs.

    It is also outermost, so it answers what nothing else caught, with a problem that tells no internals.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; everything else passes."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID_HEADER, "")
        request_id = given if _GOOD_ID.fullmatch(given) else new_id()
        # The lifespan's state is shared by all requests: this one gets its own copy.
        scope["state"] = {**scope.get("state", {}), "request_id": request_id}
        is_started = False

        async def send_with_id(message: Message) -> None:
            nonlocal is_started
            if message["type"] == "http.response.start":
                is_started = True
                MutableHeaders(scope=message)[REQUEST_ID_HEADER] = request_id
            await send(message)

        with bind(request_id=request_id):
            try:
                await self._app(scope, receive, send_with_id)
            except Exception as error:
                _log.exception("request_failed", error=type(error).__name__)
                if is_started:
                    raise
                fault = FatalError(ErrorCode.INTERNAL_ERROR, "unexpected")
                await problem_response(Request(scope), fault)(scope, receive, send_with_id)


class LingeringClose:
    """Lets a client whose upload was refused read why.

    A server that answers and closes while the client still sends makes the client's kernel drop the answer with the
    connection. So the answer goes out whole, the rest of the body is thrown away for a bounded time, and only then the
    connection is closed (RFC 9112, 9.6).
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; everything else passes."""
        if scope["type"] != "http" or not _has_body(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        body = _Body(receive)

        async def send_then_linger(message: Message) -> None:
            if message["type"] == "http.response.start" and not body.is_over:
                MutableHeaders(scope=message)["Connection"] = "close"
            is_last = message["type"] == "http.response.body" and not message.get("more_body", False)
            if not is_last or body.is_over:
                await send(message)
                return
            await send({**message, "more_body": True})
            await body.drain()
            await send({"type": "http.response.body", "body": b"", "more_body": False})

        await self._app(scope, body.receive, send_then_linger)


class _Body:
    """A request's body, watched."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.is_over = False

    async def receive(self) -> Message:
        """The next message, noting whether it was the last."""
        message = await self._receive()
        self.is_over = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    async def drain(self) -> None:
        """Throws away what comes, until the end, a pause or the limit."""
        until = time.monotonic() + _LINGER_S
        try:
            while not self.is_over and time.monotonic() < until:
                async with asyncio.timeout(_LINGER_IDLE_S):
                    await self.receive()
        except TimeoutError:
            # It has stopped sending: it is reading, or it is gone.
            return


def _has_body(headers: Headers) -> bool:
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"
