"""When a call is sent again, and after how long."""

import email.utils
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import httpx

from stenopool_client._decoding import decoded
from stenopool_client._steps import Answer, Call, Flow, Pause
from stenopool_client.errors import (
    ApiError,
    ConnectionFailedError,
    StenopoolError,
    UnexpectedAnswerError,
    error_class,
)
from stenopool_client.models import Reason

_PASSING: Final = (502, 503, 504)


@dataclass(frozen=True, slots=True)
class Retries:
    """How patiently calls are sent again that may be: those that only read, and submissions (by their own key).

    Without word from the server pauses double from ``base_s`` to ``cap_s``, each shortened by up to half at random, ``limit``
    times. Where it says when to come back (``Retry-After``) that is obeyed, as long as one call waits no longer than
    ``patience_s`` in all. ``Retries(limit=0, patience_s=0)`` never sends again.
    """

    limit: int = 4
    base_s: float = 0.5
    cap_s: float = 8.0
    patience_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """A pause before a call is sent again, and the error that it is for."""

    seconds: float
    error: StenopoolError


OnWait = Callable[[Waiting], None]
"""Told of each pause when it begins."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the core decides by."""

    retries: Retries = field(default_factory=Retries)
    clock: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = random.random

    def backoff(self, failures: int) -> float:
        """Seconds to wait after so many failures, 1 and more."""
        full = min(self.retries.cap_s, self.retries.base_s * 2.0 ** min(failures - 1, 30))
        return full * (1 - self.chance() / 2)

    def pause(self, error: StenopoolError, failures: int, waited_s: float) -> float | None:
        """Seconds until the call that failed so is worth repeating; None where it is not."""
        told: float | None = None
        if isinstance(error, UnexpectedAnswerError):
            return None
        if isinstance(error, ApiError):
            told = error.retry_after_s
            if error.status == 429 and told is None:
                return None
            if error.status != 429 and error.status not in _PASSING:
                return None
        if told is None:
            seconds = self.backoff(failures)
            is_out = failures > self.retries.limit
        else:
            # A little later than told, so that all who were told the same do not come at once.
            seconds = told + min(1.0, told / 10) * self.chance()
            is_out = False
        return None if is_out or waited_s + seconds > self.retries.patience_s else seconds


def sent(rules: Rules, call: Call, on_wait: OnWait | None = None) -> Flow[Answer]:
    """The answer to a call, sent again where that is safe and worth it.

    Raises:
        ApiError: the server refused.
        ConnectionFailedError: no whole answer came.
        UnexpectedAnswerError: an error that is not Stenopool's.
    """
    failures, waited_s = 0, 0.0
    while True:
        error: StenopoolError
        try:
            answer: Answer = yield call
        except httpx.TransportError as fault:
            error = no_answer(fault)
        else:
            if answer.status < 400:
                return answer
            error = problem(answer)
        failures += 1
        seconds = rules.pause(error, failures, waited_s) if call.may_repeat else None
        if seconds is None:
            raise error
        if on_wait is not None:
            on_wait(Waiting(seconds, error))
        yield Pause(seconds)
        waited_s += seconds


def no_answer(fault: httpx.TransportError) -> ConnectionFailedError:
    """Our error for one of the transport, which stays its cause."""
    error = ConnectionFailedError(f"no answer: {str(fault) or type(fault).__name__}")
    error.__cause__ = fault
    return error


def problem(answer: Answer) -> StenopoolError:
    """The error that an answer of 400 and more is."""
    told = retry_after(answer)
    try:
        body = json.loads(answer.content)
        status, code = answer.status, str(body["code"])
        error = error_class(status, code)(
            status,
            code,
            str(body["detail"]),
            hint=str(body.get("hint") or ""),
            request_id=body.get("request_id"),
            retry_after_s=told,
        )
        if body.get("error") and "message" in body["error"] and "hint" in body["error"]:
            error.error = decoded(Reason, body["error"])
    except (ValueError, KeyError, TypeError, AttributeError):
        if answer.status in _PASSING or answer.status == 429:
            # A proxy in front of it answered, as nginx does while nothing is behind it.
            return error_class(answer.status, "")(answer.status, "proxy", f"HTTP {answer.status}", retry_after_s=told)
        return UnexpectedAnswerError(f"HTTP {answer.status}, and not in Stenopool's words: is it at this address?")
    return error


def retry_after(answer: Answer) -> float | None:
    """Seconds of ``Retry-After``, in either of its forms (RFC 9110, 10.2.3)."""
    told = answer.headers.get("Retry-After", "")
    if told.isascii() and told.isdecimal():
        return float(told)
    try:
        at = email.utils.parsedate_to_datetime(told)
    except ValueError:
        return None
    return max(0.0, (at - datetime.now(UTC)).total_seconds())


def body_of(answer: Answer) -> Any:
    """The answer's JSON.

    Raises:
        UnexpectedAnswerError: it is none.
    """
    try:
        return json.loads(answer.content)
    except ValueError as error:
        raise UnexpectedAnswerError("the answer is no JSON: is Stenopool at this address?") from error
