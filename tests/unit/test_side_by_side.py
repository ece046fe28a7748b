"""Which tests share a process when the suite runs in several."""

import ast
from pathlib import Path

import pytest

from tests.side_by_side import BARE_MACHINE, room_of

ROOT = Path(__file__).resolve().parents[2]


def test_tests_of_a_file_stay_together() -> None:
    one = room_of("tests/unit/test_clock.py::test_one")
    assert one == room_of("tests/unit/test_clock.py::TestMore::test_two[a::b]") != room_of("tests/unit/test_ids.py::t")


def test_everything_on_the_bare_machine_stays_together() -> None:
    users = [
        f"tests/acceptance/{path.name}"
        for path in (ROOT / "tests" / "acceptance").glob("test_*.py")
        if "machine" in {node.arg for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.arg)}
    ]
    assert users
    assert {room_of(f"{file}::test_it") for file in users} == {BARE_MACHINE}


def test_the_suite_runs_in_two_processes_with_its_table_of_skips(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("""
        from tests.requirements_table import RequirementsTable
        from tests.side_by_side import SideBySide
        def pytest_configure(config):
            config.pluginmanager.register(RequirementsTable())
            config.pluginmanager.register(SideBySide())
    """)
    for name in ("one", "two"):
        pytester.makepyfile(
            **{
                f"test_{name}": "import pytest\n"
                "def test_a(worker_id): assert worker_id != 'master'\n"
                "def test_b(worker_id): pytest.skip('needs thing: get it')\n"
            }
        )
    done = pytester.runpytest_subprocess("-n", "2")
    done.assert_outcomes(passed=2, skipped=2)
    done.stdout.fnmatch_lines(["not run here: 2 tests, needs thing: get it"])
