"""`make up`: the platform kept running, one per data directory."""

import json
import re
import signal
import urllib.request
from pathlib import Path

import pytest

from tests.acceptance.bare_machine import BareMachine, Running

pytestmark = [pytest.mark.needs("make", "redis-6.2"), pytest.mark.timeout(600)]


def up(machine: BareMachine, data_dir: Path) -> Running:
    # PocketSphinx brings its model in its wheel; the demo model is asked for by name because it starts sooner.
    return machine.make("up", DATA_DIR=str(data_dir), MODEL_SIZE="demo")


def address(running: Running) -> str:
    running.wait_for("Ctrl-C stops it")
    found = re.search(r"API +(http://127\.0\.0\.1:\d+)", running.output)
    assert found, running.output
    return found[1]


def health(base: str) -> dict[str, object]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{base}/health", timeout=10) as answer:
        return dict(json.load(answer))


def test_a_second_one_on_the_same_data_is_refused_in_one_line_and_the_first_goes_on(
    machine: BareMachine, tmp_path: Path
) -> None:
    with up(machine, tmp_path / "data") as first:
        base = address(first)
        with up(machine, tmp_path / "data") as second:
            assert second.end(limit_s=60) != 0
            told = [line for line in second.output.splitlines() if not line.startswith(("make", "setup"))]
        assert len(told) == 1, second.output
        assert base in told[0]
        assert health(base)["status"] == "healthy"
        first.ctrl_c()
        first.end(limit_s=60)
        assert "Traceback" not in first.output
        assert first.left_behind() == set()


def test_started_again_it_keeps_its_data_and_a_process_that_dies_ends_the_whole_with_the_end_of_its_log(
    machine: BareMachine, tmp_path: Path
) -> None:
    with up(machine, tmp_path / "data") as first:
        address(first)
        first.signal_one(b"api.main:create_app", signal.SIGKILL)
        assert first.end(limit_s=60) != 0
        assert "api ended" in first.output
        assert first.left_behind() == set()
    with up(machine, tmp_path / "data") as again:
        assert health(address(again))["status"] == "healthy"
