"""Signed bodies: a request that says what its body hashes to is held to it, whichever route reads the body.

The digest is compared with the last piece, before the reader learns that the body is over: an upload is then on the
spool and not yet a job. Whether the digest itself is signed is the door's business.
"""

import hashlib
import secrets

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.auth import BODY_DIGEST_HEADER
from stenopool.errors import ErrorCode, UsageError


class SignedBodies:
    """Watches the bodies of requests with ``X-Content-SHA256``; costs a hash of the body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; everything else passes."""
        claimed = Headers(scope=scope).get(BODY_DIGEST_HEADER) if scope["type"] == "http" else None
        if claimed is None:
            await self._app(scope, receive, send)
            return
        digest = hashlib.sha256()

        async def receive_watched() -> Message:
            message = await receive()
            if message["type"] == "http.request":
                digest.update(message.get("body", b""))
                is_last = not message.get("more_body", False)
                if is_last and not secrets.compare_digest(digest.hexdigest().encode(), claimed.encode()):
                    raise UsageError(
                        ErrorCode.BAD_SIGNATURE,
                        "the body is not the one that X-Content-SHA256 tells of",
                        "hash the whole body, multipart boundaries included, in lower-case hex",
                    )
            return message

        await self._app(scope, receive_watched, send)
