"""Spans of time as people write them."""

from datetime import timedelta

import pytest

from stenopool.durations import format_duration, parse_duration
from stenopool.errors import FatalError
from stenopool.settings import load_settings


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("90s", timedelta(seconds=90)),
        ("15m", timedelta(minutes=15)),
        ("24h", timedelta(hours=24)),
        ("72h", timedelta(hours=72)),
        ("30d", timedelta(days=30)),
        ("0s", timedelta(0)),
    ],
)
def test_a_span_is_read_and_written(text: str, span: timedelta) -> None:
    assert parse_duration(text) == span
    assert parse_duration(format_duration(span)) == span


def test_a_span_is_written_in_its_largest_unit() -> None:
    spans = [timedelta(hours=24), timedelta(days=30), timedelta(seconds=90), timedelta(minutes=90)]
    assert [format_duration(span) for span in spans] == ["24h", "30d", "90s", "90m"]


@pytest.mark.parametrize("text", ["", "24", "h", "1.5h", "-1h", "24 hours", "1w", "1000000d", "٣d"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="30d"):
        parse_duration(text)


def test_a_setting_that_is_no_span_says_how_to_write_one() -> None:
    assert load_settings({"MEDIA_TTL": "15m"}).media_ttl == timedelta(minutes=15)
    with pytest.raises(FatalError, match=r"MEDIA_TTL: .*24h"):
        load_settings({"MEDIA_TTL": "tomorrow"})
    with pytest.raises(FatalError, match="RESULT_TTL"):
        load_settings({"RESULT_TTL": "0s"})
