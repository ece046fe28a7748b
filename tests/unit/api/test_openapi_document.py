"""docs/openapi.json is what the API says of itself."""

import json
from pathlib import Path
from typing import Final

import pytest

from api.main import create_app
from stenopool.settings import load_settings

COMMITTED: Final = Path(__file__).parents[3] / "docs/openapi.json"


def test_the_committed_document_is_up_to_date() -> None:
    """Where it is not: ``scripts/openapi.py`` writes it anew."""
    assert json.loads(COMMITTED.read_text("utf-8")) == create_app(load_settings({})).openapi()


@pytest.mark.parametrize("path", ["/metrics", "/docs", "/openapi.json"])
def test_what_is_not_for_clients_is_not_in_it(path: str) -> None:
    assert path not in json.loads(COMMITTED.read_text("utf-8"))["paths"]
