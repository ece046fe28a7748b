"""Missing packages: skipped and told, or a failure where everything is required."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.requirements_table import REQUIREMENTS, table

ROOT = Path(__file__).resolve().parents[2]

CONFTEST = """
import tests.requirements_table as requirements_table
from tests.requirements_table import Requirement

requirements_table.REQUIREMENTS.update(
    nothing=Requirement(lambda: False, "apt-get install nothing"),
    recordings=Requirement(lambda: False, "set RECORDINGS", from_debian=False),
)

def pytest_configure(config):
    config.pluginmanager.register(requirements_table.RequirementsTable())
"""

TESTS = """
import pytest

@pytest.mark.needs("nothing")
@pytest.mark.parametrize("n", [1, 2])
def test_that_needs_nothing(n):
    raise AssertionError

@pytest.mark.needs("recordings")
def test_that_needs_recordings():
    raise AssertionError

def test_that_needs_no_more():
    pass
"""


def run(folder: Path, tests: str = TESTS, **environment: str) -> "subprocess.CompletedProcess[str]":
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_it.py").write_text(tests)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", str(folder), str(folder)],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)} | environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_is_missing_skips_its_tests_and_is_told_at_the_end(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert done.returncode == 0
    assert "not run here: 2 tests, needs nothing: apt-get install nothing" in done.stdout
    assert "not run here: 1 test, needs recordings: set RECORDINGS" in done.stdout
    assert "1 passed, 3 skipped" in done.stdout.splitlines()[-1]


def test_where_everything_is_required_a_missing_package_is_a_failure(tmp_path: Path) -> None:
    done = run(tmp_path, STENOPOOL_REQUIRE="all")
    assert done.returncode == 1
    assert "needs nothing: apt-get install nothing (STENOPOOL_REQUIRE=all)" in done.stdout
    assert "1 passed, 1 skipped, 2 errors" in done.stdout.splitlines()[-1]


def test_a_requirement_that_nobody_can_look_for_is_refused(tmp_path: Path) -> None:
    done = run(tmp_path, TESTS.replace('"nothing"', '"notihng"'))
    assert done.returncode != 0
    assert "notihng" in done.stderr


@pytest.mark.parametrize("skips", [[], ["no tuple"]])
def test_without_skips_there_is_no_table(skips: list[object]) -> None:
    assert table(skips) == []


def test_continuous_integration_installs_whatever_debian_has() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    needed = re.search(r"^needed=\((.*)\)$", script, re.MULTILINE)
    assert needed is not None
    installed = {pair.partition(":")[2] for pair in needed[1].split()}
    remedies = [requirement.remedy for requirement in REQUIREMENTS.values() if requirement.from_debian]
    wanted = {package for remedy in remedies for package in remedy.removeprefix("apt-get install ").split()}
    assert wanted <= installed
