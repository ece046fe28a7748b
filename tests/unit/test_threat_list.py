"""docs/explanation/security.md lists every threat, and the tests that it names are there."""

import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
_ROW: Final = re.compile(r"^\| (\d+) \|(?:[^|]+)\|(?:[^|]*)\|([^|]+)\|$", re.MULTILINE)

ROWS: Final = {
    int(number): tests.strip()
    for number, tests in _ROW.findall((ROOT / "docs/explanation/security.md").read_text("utf-8"))
}


def test_every_threat_has_its_row() -> None:
    assert list(ROWS) == list(range(1, 34))


@pytest.mark.parametrize("number", ROWS)
def test_each_row_names_files_with_tests_of_its_number_or_says_what_it_waits_for(number: int) -> None:
    if ROWS[number].startswith("open: "):
        return
    files = re.findall(r"`([^`]+)`", ROWS[number])
    assert files
    assert ROWS[number] == ", ".join(f"`{file}`" for file in files)
    for file in files:
        assert f"def test_threat_{number:02}_" in (ROOT / file).read_text("utf-8"), file


def test_every_test_of_a_threat_belongs_to_a_row() -> None:
    named = {
        int(number)
        for path in (ROOT / "tests").rglob("test_*.py")
        for number in re.findall(r"def test_threat_(\d+)_", path.read_text("utf-8"))
    }
    assert named <= ROWS.keys()
