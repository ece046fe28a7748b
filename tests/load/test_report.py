"""What is told of Locust's CSV."""

from pathlib import Path

import pytest

from tests.load import report

HEAD = "Type,Name,Request Count,Failure Count,Median Response Time,50%,95%,99%\n"


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    return tmp_path / "load"


def measured(prefix: Path, *rows: str) -> str:
    lines = "\n".join(rows)
    Path(f"{prefix}_stats.csv").write_text(f"{HEAD}{lines}\n,Aggregated,999,99,1,1,1,1\n", encoding="utf-8")
    return str(prefix)


def test_it_tells_requests_errors_and_percentiles_of_each_kind(
    prefix: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = measured(prefix, "GET,poll,200,1,4,4,9,30", "POST,submit,100,0,8,8,20,70")

    assert report.main([given]) == 0

    told = capsys.readouterr().out
    assert "| poll | 200 | 1 | 0 | 4 | 9 | 30 |" in told
    assert "| submit | 100 | 0 | 0 | 8 | 20 | 70 |" in told
    # 1 of 300.
    assert "error rate 0.33%, 0 refused" in told


def test_a_refusal_is_no_error_and_no_answer(prefix: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = measured(prefix, "POST,submit,10,1,8,8,20,70", "POST,submit (429),990,0,1,1,2,3")

    # 1 of 10, not of 1000.
    assert report.main([given, "--error-limit", "0.05"]) == 1

    assert "| submit | 10 | 1 | 990 | 8 | 20 | 70 |" in capsys.readouterr().out


def test_the_limit_itself_is_allowed(prefix: Path) -> None:
    given = measured(prefix, "GET,poll,100,1,4,4,9,30")

    assert report.main([given, "--error-limit", "0.01"]) == 0
    assert report.main([given, "--error-limit", "0.009"]) == 1


@pytest.mark.parametrize("rows", [(), ("POST,submit (429),20,0,1,1,2,3",)], ids=["nothing", "refusals alone"])
def test_where_nothing_was_answered_nothing_is_good(prefix: Path, rows: tuple[str, ...]) -> None:
    assert report.main([measured(prefix, *rows)]) == 1


def test_a_run_that_wrote_nothing_is_a_failure(prefix: Path) -> None:
    assert report.main([str(prefix)]) == 1


def test_times_that_are_not_there_do_not_stop_it(prefix: Path) -> None:
    assert report.main([measured(prefix, "GET,poll,1,0,N/A,N/A,N/A,N/A")]) == 0
