"""The web page in a real browser before a whole stack: web/browser holds the tests, this starts what they need."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stenopool.local.commands import Choice
from tests.acceptance.live_stack import People, live_stack
from tests.browser.in_browser import in_browser

pytestmark = [pytest.mark.needs("node", "chromium"), pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def people(built_page: Path, redis_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    """A stack whose recogniser takes its time: 15 seconds of audio in one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ALLOW_FAKE_ENGINE", "true")
        patch.setenv("FAKE_ENGINE_SPEED", "15")
        with live_stack(redis_binary, tmp_path_factory.mktemp("data"), Choice("fake", "fake")) as people:
            yield people


def test_people_use_the_page(people: People, tmp_path: Path) -> None:
    in_browser(people, tmp_path / "told.json", "open", "jobs")


def test_people_use_the_page_with_keys(people: People, tmp_path: Path) -> None:
    """Last: from the first key on nobody is served without one."""
    in_browser(people, tmp_path / "told.json", "keys")
