"""How long things are kept: the operator's word, and the client's where it is less."""

from datetime import timedelta

import pytest

from api.services.keeping import KeepingRules, KeepingWish, parse_wish
from stenopool.errors import ErrorCode, UsageError

RULES = KeepingRules(media=timedelta(hours=24), failed_media=timedelta(hours=72), result=timedelta(days=30))
HOUR_MS = 3_600_000


def hours(rules: KeepingRules, media_ttl: str = "", result_ttl: str = "") -> tuple[float, float, float]:
    keep = rules.agreed(parse_wish(media_ttl, result_ttl))
    return keep.media_ms / HOUR_MS, keep.failed_media_ms / HOUR_MS, keep.result_ms / HOUR_MS


def test_without_a_wish_the_operators_word_counts() -> None:
    assert hours(RULES) == (24, 72, 720)


def test_a_shorter_wish_for_the_recording_counts_after_a_failure_too() -> None:
    assert hours(RULES, media_ttl="1h") == (1, 1, 720)
    assert hours(RULES, media_ttl="0s") == (0, 0, 720)


def test_a_recording_never_outlives_the_transcript() -> None:
    assert hours(RULES, result_ttl="2h") == (2, 2, 2)
    assert hours(KeepingRules(result=timedelta(hours=5))) == (5, 5, 5)


@pytest.mark.parametrize(("media_ttl", "result_ttl"), [("25h", ""), ("", "31d"), ("soon", ""), ("", "1.5h")])
def test_a_longer_wish_or_none_at_all_is_refused(media_ttl: str, result_ttl: str) -> None:
    with pytest.raises(UsageError) as refusal:
        RULES.agreed(parse_wish(media_ttl, result_ttl))
    assert refusal.value.code is ErrorCode.INVALID_OPTION
    assert ("media_ttl" in refusal.value.message) == bool(media_ttl)


def test_a_wish_left_empty_is_none() -> None:
    assert parse_wish(" ", "") == KeepingWish()
