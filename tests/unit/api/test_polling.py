"""Polling: tags that change when something does, wishes that are read as RFC 9110 and RFC 7240 say."""

from dataclasses import replace

import pytest
from starlette.datastructures import Headers

from api.polling import etag, is_known, known_tags, news, wished_wait_s
from stenopool.ledger.model import Mark, RunState

MARK = Mark("1" * 32, "2" * 32, 7, RunState.PROCESSING, None)


@pytest.mark.parametrize(
    "changed",
    [
        replace(MARK, rev=8),
        replace(MARK, state=RunState.COMPLETED),
        replace(MARK, position=1),
        replace(MARK, transcription_id="3" * 32),
    ],
)
def test_whatever_changes_changes_the_tag(changed: Mark) -> None:
    assert etag(changed) != etag(MARK)


@pytest.mark.parametrize(
    ("given", "known"),
    [
        (etag(MARK), True),
        (etag(MARK).removeprefix("W/"), True),
        (f'"other", {etag(MARK)}', True),
        ("*", True),
        ('"other"', False),
        ("", False),
    ],
)
def test_tags_are_compared_weakly(given: str, known: bool) -> None:
    assert is_known(etag(MARK), known_tags(Headers({"If-None-Match": given}))) is known


@pytest.mark.parametrize(
    ("given", "wait_s"),
    [
        ("wait=10", 10),
        ("respond-async, wait=10", 10),
        ("respond-async; wait=10", 10),
        ('Wait="7"', 7),
        ("wait=100", 30),
        ("wait=99999999999999999999", 0),
        ("wait=5, wait=9", 5),
        ("wait=-1", 0),
        ("wait=x", 0),
        ("", 0),
    ],
)
def test_a_wish_to_wait_is_read_and_capped(given: str, wait_s: int) -> None:
    assert wished_wait_s(Headers({"Prefer": given})) == wait_s


def test_without_a_tag_only_the_end_is_news() -> None:
    assert not news(None)(replace(MARK, rev=8))
    assert news(None)(replace(MARK, state=RunState.FAILED))


def test_with_a_tag_every_change_is_news() -> None:
    is_news = news(known_tags(Headers({"If-None-Match": etag(MARK)})))
    assert not is_news(MARK)
    assert is_news(replace(MARK, rev=8))
