"""Waiting for a condition with a limit: what tests do instead of sleeping."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(condition: Callable[[], T], timeout_s: float, what: str, every_s: float = 0.02) -> T:
    """The first true answer of ``condition``.

    Raises:
        AssertionError: none came within ``timeout_s`` seconds; it names ``what`` was waited for and the last answer.
    """
    until = time.monotonic() + timeout_s
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > until:
            raise AssertionError(f"waited {timeout_s} s in vain for {what}; last answer: {answer!r}")
        time.sleep(every_s)
