"""Sizes as people read them."""

import pytest

from stenopool.sizes import gib, shown_size


@pytest.mark.parametrize(
    ("size_bytes", "shown"),
    [
        (0, "0 MiB"),
        (3 * 1024**2, "3 MiB"),
        (1023 * 1024**2, "1023 MiB"),
        (1024**3, "1.0 GiB"),
        (4_748_364_800, "4.4 GiB"),
    ],
)
def test_a_size_has_the_unit_that_fits(size_bytes: int, shown: str) -> None:
    assert shown_size(size_bytes) == shown


def test_a_figure_beside_another_needs_no_unit() -> None:
    assert gib(3 * 1024**3) == "3.0"
