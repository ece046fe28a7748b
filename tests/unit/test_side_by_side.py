"""Which tests share a process when the suite runs in several."""

import ast
from pathlib import Path

import pytest

from tests.side_by_side import _LONGEST, BARE_MACHINE, SHIPPED_FILES, WHOLE_STACK, room_of

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


@pytest.mark.parametrize(("shared", "room"), [("whole", WHOLE_STACK), ("as_shipped", SHIPPED_FILES)])
def test_whatever_shares_a_stack_or_a_look_at_shipped_files_stays_together(shared: str, room: str) -> None:
    def names(path: Path) -> set[str]:
        nodes = list(ast.walk(ast.parse(path.read_text())))
        return {node.arg for node in nodes if isinstance(node, ast.arg)} | {
            alias.name for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names
        }

    users = [path for path in (ROOT / "tests/deploy").rglob("test_*.py") if shared in names(path)]
    assert len(users) > 2
    assert {room_of(f"{path.relative_to(ROOT)}::test_it") for path in users} == {room}


def test_what_begins_first_is_there() -> None:
    rooms = {room_of(f"{path.relative_to(ROOT)}::test_it") for path in (ROOT / "tests").rglob("test_*.py")}
    assert set(_LONGEST) <= rooms


def test_tests_of_a_room_stand_behind_one_another(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("""
        from tests import side_by_side
        side_by_side.room_of = lambda nodeid: "shared" if "shared" in nodeid else nodeid.partition("::")[0]
        def pytest_configure(config):
            config.pluginmanager.register(side_by_side.SideBySide())
    """)
    for name in ("a_shared", "b", "c_shared"):
        pytester.makepyfile(**{f"test_{name}": "def test_1(): pass\ndef test_2(): pass\n"})

    done = pytester.runpytest_subprocess("--collect-only", "-q")

    files = [line.partition("::")[0] for line in done.outlines if "::" in line]
    assert files == ["test_a_shared.py"] * 2 + ["test_c_shared.py"] * 2 + ["test_b.py"] * 2


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
