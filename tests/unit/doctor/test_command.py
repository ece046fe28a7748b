"""The command itself: a table or JSON, and an exit status that a script can go by."""

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stenopool.checks import check_data_dir
from stenopool.cli import app
from stenopool.doctor.__main__ import main
from stenopool.doctor.examination import examine
from stenopool.doctor.finding import Level, fail, ok, warn
from stenopool.doctor.report import as_document, as_table
from stenopool.local.ports import free_port

FOUND = [ok("python", "Python 3.12.1"), warn("disk", "7 MiB are free", "make room"), fail("redis", "away", "start it")]


def given(data_dir: Path, redis_url: str) -> dict[str, str]:
    return {
        "DATA_DIR": str(data_dir),
        "REDIS_URL": redis_url,
        "MODEL_SIZE": "demo",
        "API_PORT": str(free_port()),
        "MIN_FREE_DISK_MB": "0",
    }


def test_a_table_has_a_line_for_each_finding_and_what_to_do_below_it() -> None:
    assert as_table(FOUND).splitlines() == [
        "ok    python  Python 3.12.1",
        "warn  disk    7 MiB are free",
        "              -> make room",
        "fail  redis   away",
        "              -> start it",
        "",
        "3 looked at: 1 failed, 1 to be warned of",
    ]


def test_json_has_all_of_it() -> None:
    assert json.loads(as_document(FOUND)) == {
        "ok": False,
        "findings": [
            {"code": "python", "level": "ok", "found": "Python 3.12.1", "remedy": ""},
            {"code": "disk", "level": "warn", "found": "7 MiB are free", "remedy": "make room"},
            {"code": "redis", "level": "fail", "found": "away", "remedy": "start it"},
        ],
    }


def test_a_host_that_is_in_order_passes_with_nothing_but_remarks(data_dir: Path, redis_url: str) -> None:
    check_data_dir(data_dir, 0)
    found = examine(given(data_dir, redis_url))
    assert [finding for finding in found if finding.level is Level.FAIL] == []
    assert {"python", "settings", "data_dir", "redis", "clock", "epoch", "workers", "weights", "secrets"} <= {
        finding.code for finding in found
    }
    assert all(bool(finding.remedy) == (finding.level is not Level.OK) for finding in found)


def test_settings_that_are_wrong_are_a_finding_and_not_a_crash() -> None:
    found = {finding.code: finding for finding in examine({"API_PORT": "many"})}
    assert (found["settings"].level, "API_PORT" in found["settings"].found) == (Level.FAIL, True)


def test_the_command_ends_with_1_when_something_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in given(tmp_path / "none", f"redis://127.0.0.1:{free_port()}/0").items():
        monkeypatch.setenv(name, value)
    done = CliRunner().invoke(app, ["doctor", "--json"])
    # The same without Typer, which a worker's image does not have.
    monkeypatch.setattr(sys, "argv", ["python -m stenopool.doctor", "--json"])
    assert (done.exit_code, main()) == (1, 1)
    for told in (done.stdout, capsys.readouterr().out):
        failed = {finding["code"] for finding in json.loads(told)["findings"] if finding["level"] == "fail"}
        assert failed == {"data_dir", "redis"}
