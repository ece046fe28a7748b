"""The ground of the worker tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.worker.ground import Ground, ground


@pytest.fixture
def grounds(redis_url: str, tmp_path: Path) -> Iterator[Ground]:
    """Redis, store and ledger; workers are started by the test and gone after it."""
    with ground(redis_url, tmp_path) as made:
        yield made
