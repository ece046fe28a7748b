"""Listeners are told what is recognised, and recognition never waits for it."""

import json
import threading
import time
from typing import TypeVar

import pytest

from stenopool.errors import ErrorCode, TransientError
from stenopool.ledger.call import Call
from stenopool.ledger.events import Told
from stenopool.ledger.ledger import Ledger
from stenopool.transcripts.model import Segment
from tests.waiting import wait_until
from worker.narration import Narration

T = TypeVar("T")


class Audience(Ledger):
    """Hears; is away, or refuses the claim, when told so."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, list[str], bool]] = []
        self.tries = 0
        self.is_away = False
        self.is_deaf = False
        self.may_answer = threading.Event()
        self.may_answer.set()

    def do(self, call: Call[T]) -> T:
        self.tries += 1
        self.may_answer.wait(10)
        if self.is_away:
            raise TransientError(ErrorCode.LEDGER_UNAVAILABLE, "the ledger does not answer")
        given = json.loads(call.argument)
        texts = [json.loads(segment)["text"] for segment in given.get("segments", [])]
        self.calls.append((given["first"], texts, given.get("is_whole", False)))
        return Told(is_heard=not self.is_deaf)  # type: ignore[return-value] # the only call that is made

    @property
    def heard(self) -> list[str]:
        return [text for _, texts, _ in self.calls for text in texts]


def segment(text: str) -> Segment:
    return Segment(start=1.00049, end=2.0, text=text, confidence=0.98765)


def narration(audience: Audience, pause_s: float = 0.01) -> Narration:
    return Narration(audience, "claim", pause_s)


def test_segments_are_told_in_order_and_the_last_call_says_that_it_is_all() -> None:
    audience = Audience()
    with narration(audience) as told:
        told.add(segment("one"))
        wait_until(lambda: audience.heard == ["one"], 5, "the first word")
        told.add(segment(" two "))
        told.add(segment("  "))
    assert audience.heard == ["one", "two"]
    assert [first for first, _, _ in audience.calls] == sorted({first for first, _, _ in audience.calls})
    assert [is_whole for _, _, is_whole in audience.calls][-1]


def test_a_span_in_which_nothing_was_said_is_told_as_whole() -> None:
    audience = Audience()
    with narration(audience):
        pass
    assert audience.calls == [(0, [], True)]


def test_many_segments_are_told_together() -> None:
    audience = Audience()
    with narration(audience, pause_s=30) as told:
        told.add(segment("first"))
        wait_until(lambda: audience.heard == ["first"], 5, "the first word")
        for number in range(500):
            told.add(segment(str(number)))
    assert audience.heard == ["first", *map(str, range(500))]
    assert [len(texts) for _, texts, _ in audience.calls] == [1, 200, 200, 100]


def test_what_was_not_taken_is_told_with_the_next() -> None:
    audience = Audience()
    with narration(audience) as told:
        audience.is_away = True
        told.add(segment("one"))
        wait_until(lambda: audience.tries > 1, 5, "a second try")
        audience.is_away = False
        told.add(segment("two"))
    assert audience.heard == ["one", "two"]


def test_a_failed_span_is_not_told_as_whole() -> None:
    audience = Audience()
    told = narration(audience)
    told.__enter__()
    told.add(segment("one"))
    wait_until(lambda: bool(audience.calls), 5, "the first word")
    told.__exit__(ValueError, ValueError("it broke"), None)
    assert not any(is_whole for _, _, is_whole in audience.calls)


def test_a_claim_that_is_not_heard_any_more_falls_silent() -> None:
    audience = Audience()
    audience.is_deaf = True
    with narration(audience) as told:
        told.add(segment("one"))
        wait_until(lambda: bool(audience.calls), 5, "the first word")
        told.add(segment("two"))
    assert audience.heard == ["one"]


@pytest.mark.parametrize("trouble", ["silent", "away"])
def test_recognition_waits_for_nobody(trouble: str) -> None:
    audience = Audience()
    if trouble == "silent":
        audience.may_answer.clear()
    audience.is_away = trouble == "away"
    began = time.monotonic()
    with narration(audience) as told:
        for number in range(100):
            told.add(segment(str(number)))
        assert time.monotonic() - began < 1
    # A second for the last words, three times its value as the limit.
    assert time.monotonic() - began < 3
    audience.may_answer.set()


def test_times_are_told_as_the_transcript_has_them() -> None:
    audience: list[str] = []

    class Ear(Audience):
        def do(self, call: Call[T]) -> T:
            audience.extend(json.loads(call.argument).get("segments", []))
            return super().do(call)

    with narration(Ear()) as told:
        told.add(segment("one"))
    assert json.loads(audience[0]) == {"start": 1.0, "end": 2.0, "text": "one", "confidence": 0.988}
