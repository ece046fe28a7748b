"""Runs tests of web/browser before a running stack."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.acceptance.live_stack import ROOT, SAMPLES, People

WEB: Final = ROOT / "web"
LIMIT_S: Final = 300


def in_browser(people: People, told: Path, *patterns: str, **variables: str) -> None:
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
            **variables,
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
