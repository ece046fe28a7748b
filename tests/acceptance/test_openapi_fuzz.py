"""Schemathesis asks the running platform whatever its own document allows, and some that it does not allow.

``make fuzz`` asks for longer: ``STENOPOOL_FUZZ_S`` seconds, ``STENOPOOL_FUZZ_SEED`` for the same questions again.
"""

import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from stenopool.local.commands import Choice
from tests.acceptance.live_stack import ROOT, SAMPLES, People, live_stack
from tests.waiting import wait_until

KEY: Final = "the key of the questions"
FUZZ_S: Final = int(os.environ.get("STENOPOOL_FUZZ_S", "15"))
SEED: Final = os.environ.get("STENOPOOL_FUZZ_SEED") or str(secrets.randbelow(2**32))
MAX_STORED_BYTES: Final = 200 << 20

NOTHING_ASKED: Final = "Empty test suite"
"""What schemathesis says when the time was over before its first question."""

pytestmark = pytest.mark.timeout(7 * FUZZ_S + 240)


@pytest.fixture
def people(redis_binary: Path, tmp_path: Path) -> Iterator[People]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ALLOW_FAKE_ENGINE", "true")
        patch.setenv("API_KEY", KEY)
        patch.setenv("LOG_FORMAT", "json")
        # A call at OpenAI's door that finds the worker busy must not cost half a minute.
        patch.setenv("OPENAI_WAIT_S", "20")
        with live_stack(redis_binary, tmp_path, Choice("fake", "fake")) as people:
            people.http.headers["X-API-Key"] = KEY
            yield people


def ask_something(address: str) -> "subprocess.CompletedProcess[str]":
    """Asks until the time is over; anew with more time where a slow machine needed all of it to begin."""
    for seconds in (FUZZ_S, 2 * FUZZ_S):
        done = ask(address, seconds)
        if NOTHING_ASKED not in done.stdout:
            return done
    return ask(address, 4 * FUZZ_S)


def ask(address: str, seconds: int) -> "subprocess.CompletedProcess[str]":
    """Runs schemathesis; what it does is in schemathesis.toml and openapi_hooks.py."""
    config = ROOT / "tests" / "acceptance" / "schemathesis.toml"
    return subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run", f"{address}/openapi.json"),
            *("--no-color", "--max-time", str(seconds), "--seed", SEED),
        ],
        cwd=ROOT,
        env={**os.environ, "API_KEY": KEY, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=seconds + 60,
        check=False,
    )


def test_every_question_gets_an_answer_that_is_documented(people: People) -> None:
    done = ask_something(people.stack.place.address)
    print(done.stdout[-3_000:])  # noqa: T201 - ``make fuzz`` shows it.
    assert done.returncode == 0, f"STENOPOOL_FUZZ_SEED={SEED}\n{done.stdout[-20_000:]}{done.stderr[-2_000:]}"
    counted = people.http.get("/metrics").text
    assert 'status="5xx"' not in counted
    assert len(set(re.findall(r'requests_total{method="[A-Z]+",route="([^"]+)"', counted))) >= 10
    # Nothing is stuck, nothing died, and the disk is not full of it.
    assert people.ended(people.submit(SAMPLES / "demo.wav")["job_id"])["status"] == "completed"
    wait_until(lambda: people.http.get("/health").json()["waiting"] == 0, 60, "the queue to empty", every_s=0.5)
    assert [child.name for child in people.stack.children if child.exit_code is not None] == []
    stored = sum(path.stat().st_size for path in people.stack.place.data_dir.rglob("*") if path.is_file())
    assert stored < MAX_STORED_BYTES
