"""The web page in a real browser before a whole stack: web/browser holds the tests, this starts what they need."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from stenopool.local.commands import Choice
from tests.acceptance.live_stack import ROOT, SAMPLES, People, live_stack

pytestmark = [pytest.mark.needs("node", "chromium"), pytest.mark.timeout(400)]

WEB: Final = ROOT / "web"
LIMIT_S: Final = 300


@pytest.fixture(scope="module")
def people(built_page: Path, redis_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    """A stack whose recogniser takes its time: 15 seconds of audio in one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ALLOW_FAKE_ENGINE", "true")
        patch.setenv("FAKE_ENGINE_SPEED", "15")
        with live_stack(redis_binary, tmp_path_factory.mktemp("data"), Choice("fake", "fake")) as people:
            yield people


def in_browser(people: People, told: Path, *patterns: str) -> None:
    """Runs the tests whose files fit ``patterns``; all of them have to pass."""
    vitest = [str(WEB / "node_modules" / ".bin" / "vitest"), "run", "--config", "vitest.browser.config.ts"]
    done = subprocess.run(
        [*vitest, "--reporter=default", "--reporter=json", f"--outputFile.json={told}", *patterns],
        cwd=WEB,
        env={
            **os.environ,
            "NO_COLOR": "1",
            "STENOPOOL_URL": people.stack.place.address,
            "STENOPOOL_SAMPLES": str(SAMPLES),
            # To make and end keys, as an operator does.
            "STENOPOOL_PYTHON": sys.executable,
            "REDIS_URL": people.redis.url,
            "DATA_DIR": str(people.stack.place.data_dir),
        },
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    numbers = json.loads(told.read_text("utf-8"))
    assert numbers["numPassedTests"] > 0
    assert (numbers["numFailedTests"], numbers["numPendingTests"]) == (0, 0)


def test_people_use_the_page(people: People, tmp_path: Path) -> None:
    in_browser(people, tmp_path / "told.json", "open", "jobs")


def test_people_use_the_page_with_keys(people: People, tmp_path: Path) -> None:
    """Last: from the first key on nobody is served without one."""
    in_browser(people, tmp_path / "told.json", "keys")
