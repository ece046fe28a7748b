"""The operator's pages name nothing that does not exist."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.deploy.breakages import as_shipped
from tests.deploy.operators import checks

ALL = (
    *(checks.check_words, checks.check_settings, checks.check_commands),
    *(checks.check_metrics, checks.check_links, checks.check_needs, checks.check_findings),
)


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.__name__)
def test_the_pages_are_in_order(check: Callable[[Path], list[str]]) -> None:
    assert as_shipped(check) == ()
