"""A failpoint ends its process where it is armed, and is nothing where it is not."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stenopool.errors import FatalError
from stenopool.failpoints import Failpoint, arm, fail_at, mark
from stenopool.settings import load_settings

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
from pathlib import Path
from stenopool.failpoints import Failpoint, arm, fail_at
arm([sys.argv[1]], Path(sys.argv[2]))
for kind in sys.argv[3:]:
    fail_at(Failpoint.WORKER_AFTER_CLAIM, kind)
"""


def _exit_code(switch: str, run_dir: Path, *kinds: str) -> int:
    argv = [sys.executable, "-c", PROGRAM, switch, str(run_dir), *kinds]
    return subprocess.run(argv, cwd=ROOT, timeout=60, check=False).returncode


def test_an_armed_failpoint_kills_its_process_every_time(tmp_path: Path) -> None:
    for _ in range(2):
        assert _exit_code("worker_after_claim", tmp_path, "span") == -signal.SIGKILL


def test_one_that_shall_strike_once_lets_the_next_process_pass(tmp_path: Path) -> None:
    assert _exit_code("worker_after_claim:once", tmp_path, "span") == -signal.SIGKILL
    assert mark(tmp_path, "worker_after_claim-span").exists()
    assert _exit_code("worker_after_claim:once", tmp_path, "span") == 0


def test_one_that_shall_strike_once_strikes_once_for_each_kind(tmp_path: Path) -> None:
    assert _exit_code("worker_after_claim:once", tmp_path, "span") == -signal.SIGKILL
    assert _exit_code("worker_after_claim:once", tmp_path, "span", "assemble") == -signal.SIGKILL


def test_another_failpoint_is_passed(tmp_path: Path) -> None:
    assert _exit_code("worker_after_store", tmp_path, "span") == 0


def test_nothing_happens_where_nothing_is_armed(tmp_path: Path) -> None:
    arm((), tmp_path)
    for point in Failpoint:
        fail_at(point)


@pytest.mark.parametrize("switch", ["FAIL_AT", "FAKE_ENGINE_FAULT"])
def test_production_refuses_the_switches_of_tests(switch: str) -> None:
    environment = {"ENVIRONMENT": "production", "FAIL_AT": "", switch: "crash"}
    if switch == "FAIL_AT":
        environment[switch] = "api_after_media:once"
    with pytest.raises(FatalError, match="refused with ENVIRONMENT=production"):
        load_settings(environment)


def test_a_failpoint_that_nobody_placed_is_no_setting() -> None:
    assert load_settings({"FAIL_AT": "api_after_media, worker_after_claim:once"}).fail_at
    with pytest.raises(FatalError, match="no failpoint is named 'api_after_meal'"):
        load_settings({"FAIL_AT": "api_after_meal"})
