"""How a client polls politely: tags that say whether anything changed (RFC 9110, 13), and waiting for it (RFC 7240)."""

import re
from collections.abc import Callable
from typing import Final

from starlette.datastructures import Headers

from stenopool.ledger.model import Mark

MAX_WAIT_S: Final = 30
"""Longest wait for news: proxies in between give up after a minute."""

_WAIT: Final = re.compile(r"wait\s*=\s*\"?(\d{1,9})\"?")


def etag(mark: Mark) -> str:
    """The tag of a job's status. Weak: an estimate or a warning may differ between two bodies of the same tag."""
    place = "" if mark.position is None else f"-{mark.position}"
    return f'W/"{mark.transcription_id[:12]}-{mark.rev}-{mark.state}{place}"'


def known_tags(headers: Headers) -> frozenset[str] | None:
    """The tags that the client has, weak or strong alike; None where it names none."""
    given = ",".join(headers.getlist("if-none-match"))
    tags = frozenset(tag.strip().removeprefix("W/") for tag in given.split(",") if tag.strip())
    return tags or None


def is_known(tag: str, tags: frozenset[str] | None) -> bool:
    """Whether the client has what this tag stands for: the weak comparison of RFC 9110, 8.8.3.2."""
    return tags is not None and ("*" in tags or tag.removeprefix("W/") in tags)


def wished_wait_s(headers: Headers) -> int:
    """Seconds that the client would wait for news, at most 30; 0 where it does not say. The first wish counts."""
    for preference in re.split(r"[,;]", ",".join(headers.getlist("prefer"))):
        match = _WAIT.fullmatch(preference.strip().lower())
        if match is not None:
            return min(int(match[1]), MAX_WAIT_S)
    return 0


def news(tags: frozenset[str] | None) -> Callable[[Mark], bool]:
    """What is worth an answer: with tags a change of anything, without them the end of the job."""
    if tags is None:
        return lambda mark: mark.state.ended
    return lambda mark: mark.state.ended or not is_known(etag(mark), tags)
