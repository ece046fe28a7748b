"""An answer in pieces that gives back what it holds, however it ends."""

from collections.abc import AsyncIterable, Callable, Mapping

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send


class ClosingStream(StreamingResponse):
    """Sends the pieces, then calls ``close``: also when the client goes away, which cancels the sending.

    A piece that is being made in a thread then is waited for, so ``close`` never comes in between.
    """

    def __init__(
        self, pieces: AsyncIterable[bytes], close: Callable[[], None], status_code: int, headers: Mapping[str, str]
    ) -> None:
        super().__init__(pieces, status_code, headers)
        self._close = close

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._close()
