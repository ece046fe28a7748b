"""The bare machine of the acceptance tests, made once: setting it up takes as long as for a newcomer."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance import bare_machine
from tests.acceptance.bare_machine import BareMachine


@pytest.fixture(scope="session")
def machine() -> Iterator[BareMachine]:
    """A copy of the tree on a bare machine. Not a ``tmp_path``: pytest keeps those, and this holds 600 MB."""
    folder = Path(tempfile.mkdtemp(prefix="stenopool-acceptance-"))
    try:
        yield bare_machine.build(folder)
    finally:
        shutil.rmtree(folder)
