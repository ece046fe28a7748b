"""Ranges as RFC 9110, 14.1.2 has them, of a body of 100 bytes."""

import pytest

from api.ranges import ByteRange, RangeNotSatisfiableError, wished_range


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-99", 0, 99),
        ("bytes=10-", 10, 99),
        ("bytes=90-1000", 90, 99),
        ("bytes=-1", 99, 99),
        ("bytes=-100", 0, 99),
        ("bytes=-1000", 0, 99),
        ("Bytes = 5-6 ", 5, 6),
    ],
)
def test_one_range_is_cut_to_the_body(header: str, first: int, last: int) -> None:
    found = wished_range(header, 100)
    assert found == ByteRange(first, last)
    assert found is not None
    assert found.length == last - first + 1


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "bytes=",
        "bytes=-",
        "bytes=5-4",
        "bytes=0-1,3-4",
        "bytes=0-1,",
        "items=0-1",
        "bytes=a-b",
        "bytes=0x1-2",
        "bytes=٣-٥",
        "bytes=-" + "9" * 5000,
    ],
)
def test_what_is_no_single_range_asks_for_the_whole(header: str | None) -> None:
    assert wished_range(header, 100) is None


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0", "bytes=999999999999999999-"])
def test_a_range_behind_the_end_cannot_be_given(header: str) -> None:
    with pytest.raises(RangeNotSatisfiableError) as raised:
        wished_range(header, 100)
    assert raised.value.size_bytes == 100
