"""Audit lines: who did what to which job. Never text, keys or file names.

``who`` and ``tenant`` are bound to the log's context when a request is let in (``api.auth``), with the request's id.
"""

from enum import StrEnum

from stenopool.logs import get_logger

_log = get_logger("stenopool.audit")


class Act(StrEnum):
    """What is recorded."""

    SUBMIT = "submit"
    READ_RESULT = "read_result"
    READ_MEDIA = "read_media"
    LINK_MEDIA = "link_media"
    CANCEL = "cancel"
    DELETE = "delete"
    RETRY = "retry"
    CREATE_KEY = "create_key"
    REVOKE_KEY = "revoke_key"
    SET_LIMITS = "set_limits"
    REMOVE_INFECTED = "remove_infected"
    ROTATE_WEBHOOK_SECRET = "rotate_webhook_secret"  # noqa: S105 - the name of an act.


def audit(act: Act, **about: str) -> None:
    """Records an act that was done; ``about`` names the job, or the key by its id and its tenant."""
    _log.info("audit", act=act, **about)
