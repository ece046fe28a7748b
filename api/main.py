"""The HTTP application. ``uvicorn --factory api.main:create_app`` starts it; importing this module starts nothing."""

import logging
import multiprocessing
import os
import sys
from typing import Final

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import stenopool
from api.answer_headers import AnswerHeaders
from api.hosts import TrustedHosts
from api.lifespan import lifespan_of
from api.middleware import LingeringClose, RequestId
from api.out_of_grace import OutOfGrace
from api.problems import add_problem_handlers
from api.request_record import RequestRecord
from api.routes import (
    events,
    health,
    jobs,
    media,
    metrics,
    openai,
    pages,
    peaks,
    statistics,
    tenant_events,
    transcribe,
    usage,
    webhooks,
)
from api.routes.documents import document_problems
from api.routes.web_page import add_web_page
from api.signed_bodies import SignedBodies
from stenopool.errors import FatalError, StenopoolError
from stenopool.failpoints import arm
from stenopool.logs import configure_logs
from stenopool.metrics_folder import MetricsFolder
from stenopool.settings import Settings, process_settings

_DESCRIPTION = """\
Submit a recording, follow its job, read its transcript.

Errors are [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) problems with a stable `code`. `/jobs`, `/jobs/{id}` and
`/jobs/{id}/result` are other names of `/transcribe`, `/status/{id}` and `/result/{id}`; `DELETE /jobs/{id}` of
`DELETE /job/{id}`.
"""


_REQUEST_HEADERS: Final = (
    *("Authorization", "X-API-Key", "X-Request-ID", "X-Timestamp", "X-Content-SHA256", "X-Signature"),
    *("Content-Type", "Idempotency-Key", "If-None-Match", "If-Range", "Last-Event-ID", "Prefer", "Range"),
)
_ANSWER_HEADERS: Final = (
    *(
        "X-Request-ID",
        "X-Job-Id",
        "Location",
        "Retry-After",
        "ETag",
        "Content-Disposition",
        "Accept-Ranges",
        "Content-Range",
    ),
    *("RateLimit-Policy", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"),
)
"""What pages of allowed origins may send and see (CORS)."""


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application; without ``settings`` as a process of its own, set up from the environment.

    A wrong setting ends the process with one line.
    """
    folder = None
    if settings is None:
        settings = _settings_of_process()
        _configure_logs(settings)
        folder = MetricsFolder.open(settings.data_dir / "run", "api", _group_owner())
    arm(settings.fail_at, settings.data_dir / "run")
    app = FastAPI(
        title="Stenopool",
        version=stenopool.__version__,
        description=_DESCRIPTION,
        lifespan=lifespan_of(settings, folder),
        # Their pages load scripts from elsewhere; ours is in api/routes/pages.py.
        docs_url=None,
        redoc_url=None,
    )
    add_problem_handlers(app)
    # The one that is added last is outermost.
    app.add_middleware(SignedBodies)
    app.add_middleware(LingeringClose)
    app.add_middleware(TrustedHosts, names=settings.trusted_hosts)
    _allow_origins(app, settings)
    app.add_middleware(OutOfGrace)
    app.add_middleware(RequestRecord)
    app.add_middleware(RequestId)
    app.add_middleware(AnswerHeaders)
    app.add_middleware(OneLineStart)
    for routes in (
        transcribe,
        tenant_events,
        jobs,
        events,
        media,
        peaks,
        webhooks,
        usage,
        openai,
        health,
        statistics,
        metrics,
        pages,
    ):
        app.include_router(routes.router)
    app.mount(pages.ASSETS_PATH, pages.assets())
    add_web_page(app)
    document_problems(app)
    return app


def _allow_origins(app: FastAPI, settings: Settings) -> None:
    """Lets pages of the named origins call; without any there is no CORS header at all."""
    if not settings.cors_origins:
        return
    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(settings.cors_origins),
        allow_credentials=settings.cors_credentials,
        allow_methods=["GET", "POST", "DELETE"],
        allow_headers=_REQUEST_HEADERS,
        expose_headers=_ANSWER_HEADERS,
    )


class OneLineStart:
    """Tells a failed start in one line; the framework itself would print its traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Watches the lifespan; everything else passes."""
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return

        async def send_line(message: Message) -> None:
            # The framework sends this while it handles the error, with the formatted traceback as its message.
            error = sys.exception()
            if message["type"] == "lifespan.startup.failed" and isinstance(error, StenopoolError):
                message["message"] = f"cannot start: {error}"
            await send(message)

        await self._app(scope, receive, send_line)


def _group_owner() -> int:
    """Pid of the server that this process works for: with several workers uvicorn starts them from one parent."""
    parent = multiprocessing.parent_process()
    return parent.pid if parent is not None and parent.pid is not None else os.getpid()


def _configure_logs(settings: Settings) -> None:
    configure_logs(settings, "api")
    # Its access log tells query strings and ids; ours is in api/request_record.py. Without a handler it writes nothing.
    access = logging.getLogger("uvicorn.access")
    access.handlers.clear()
    access.propagate = False
    for name in ("uvicorn", "uvicorn.error"):
        # The server has given its loggers a format of their own by now.
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.addFilter(_drop_colours)
    # api.request_record says the same, with the request's id and without its query.
    logging.getLogger("uvicorn.access").disabled = True


def _drop_colours(record: logging.LogRecord) -> bool:
    # The server sends each line twice, once with colours, which would stand in the JSON.
    record.__dict__.pop("color_message", None)
    return True


def _settings_of_process() -> Settings:
    try:
        return process_settings()
    except FatalError as error:
        sys.stderr.write(f"cannot start: {error.message}\n")
        raise SystemExit(1) from None
