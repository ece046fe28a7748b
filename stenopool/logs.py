"""Structured logs: an event word, then keys. JSON when nobody watches, readable lines on a terminal.

Never logged at INFO: audio, text, keys, file names. ``bind`` puts job_id, transcription_id or request_id on every
following line of the same thread or task.
"""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from stenopool.settings import Settings


@contextmanager
def _without(module: str) -> Iterator[None]:
    """Pretends that a module is not installed, unless it is loaded."""
    is_hidden = module not in sys.modules
    if is_hidden:
        sys.modules[module] = None  # type: ignore[assignment]  # That is how Python is told that there is none.
    try:
        yield
    finally:
        if is_hidden:
            del sys.modules[module]


# It loads rich where it finds it, for tracebacks that show variables and with them secrets: nobody wants those here, and
# they are a tenth of what a process loads.
with _without("rich"):
    import structlog

bind = structlog.contextvars.bound_contextvars
bind_from_here = structlog.contextvars.bind_contextvars
"""As ``bind``, for the rest of the request."""

REQUEST_ID: Final = "request_id"
"""Name of a request's id in the log's context, and in the headers of a bell."""


def bound_request_id() -> str | None:
    """The id of the request on whose behalf this thread or task works; None where there is none."""
    found = structlog.contextvars.get_contextvars().get(REQUEST_ID)
    return str(found) if found else None


def configure_logs(settings: Settings, process: str) -> None:
    """Sets up structlog and the standard library's logging alike, once per process; ``process`` names it on each line."""
    as_json = settings.log_format == "json" or (settings.log_format == "auto" and not sys.stderr.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _name_process(process),
        structlog.processors.StackInfoRenderer(),
    ]
    renderer: list[structlog.typing.Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if as_json
        # Plain: the pretty kind prints every local variable, and with them options, keys and file names.
        else [
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
        ]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger for a module; nothing is opened until it is used."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


def _name_process(process: str) -> structlog.typing.Processor:
    def add(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event["process"] = process
        return event

    return add
