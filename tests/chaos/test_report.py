"""The table says what was missed, and the program's exit status follows it."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chaos import __main__ as program
from tests.chaos.report import Measure, as_json, at_most, none_of, table


def test_a_gate_is_met_at_its_limit_and_missed_beyond() -> None:
    assert at_most("p99", 45, "s", 45.0).is_met
    assert not at_most("p99", 45, "s", 45.1).is_met


def test_the_table_tells_what_was_found_where_nothing_may_be() -> None:
    text = table([none_of("lost", []), none_of("twice", ["unit a/b was committed by 2 claims"])])
    assert "| lost | 0 | 0 | met |" in text
    assert "| twice | 0 | 1 | **missed** |" in text
    assert text.endswith("twice:\n- unit a/b was committed by 2 claims")


def test_the_json_has_the_gates_and_the_facts_of_the_run() -> None:
    told = json.loads(as_json([at_most("p50", 35, "s", 33.3, "6 units")], {"seeds": [7]}))
    assert told["seeds"] == [7]
    assert told["gates"][0] | {"details": []} == {
        "gate": "p50",
        "must_be": "at most 35 s",
        "measured": "33.3 s (6 units)",
        "is_met": True,
        "details": [],
    }


@pytest.mark.parametrize(("is_met", "status"), [(True, 0), (False, 1)])
def test_a_missed_gate_is_a_bad_exit_status(
    redis_binary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_met: bool, status: int
) -> None:
    def parts(*_: object) -> dict[str, Callable[[], list[Measure]]]:
        return {
            "one": lambda: [Measure("lost", "0", "0", is_met=True)],
            "two": lambda: [Measure("p99", "1", "2", is_met)],
        }

    monkeypatch.setattr(program, "_parts", parts)
    monkeypatch.setattr("sys.argv", ["chaos", "--json", str(tmp_path / "chaos.json")])
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert program.main() == status
    assert len(json.loads((tmp_path / "chaos.json").read_text())["gates"]) == 2
