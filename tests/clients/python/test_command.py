"""The command ``stenopool`` in the process, against a server that is played."""

import json
import stat
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from typer.main import get_command
from typer.testing import CliRunner

from stenopool import cli as operators
from stenopool_client import NotFoundError, RateLimitedError, UnauthorizedError, Waiting
from stenopool_client.cli import ending
from stenopool_client.cli import place as place_module
from stenopool_client.cli.app import GROUP, app, run
from stenopool_client.cli.display import Row
from stenopool_client.cli.ending import error_code, failure_lines
from stenopool_client.cli.outputs import SameOutputError, output_paths, wanted_formats
from stenopool_client.cli.place import Place, WrongPlaceError, file_of_login, keep, place
from stenopool_client.testing import MockServer

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, server: MockServer) -> None:
    """Nobody's login, an empty folder, and the server that is played."""
    monkeypatch.delenv("STENOPOOL_URL", raising=False)
    monkeypatch.delenv("STENOPOOL_API_KEY", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(place_module, "Client", lambda *_: server.client())
    monkeypatch.setattr(place_module, "AsyncClient", lambda *_, retries: server.async_client(retries))


def ran(*words: str, code: int = 0, typed: str | None = None) -> Any:
    done = CliRunner().invoke(app, words, input=typed)
    assert done.exit_code == code, done.output + repr(done.exception)
    return done


def recordings(*names: str) -> None:
    for number, name in enumerate(names):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_bytes(b"%d" % number)


def test_recordings_become_files_named_as_whisper_names_them(server: MockServer) -> None:
    recordings("talk.mp3", "b/speech.wav")
    done = ran("transcribe", "talk.mp3", "b/speech.wav", "-f", "srt", "--format", "txt", "--out", "texts", "-l", "en")
    assert sorted(path.name for path in Path("texts").iterdir()) == ["speech.srt", "speech.txt", "talk.srt", "talk.txt"]
    assert Path("texts/talk.srt").read_text().startswith("1\n00:00:00,000")
    assert "talk.mp3 -> texts/talk.srt, texts/talk.txt" in done.stderr
    assert [sent.fields for sent in server.submissions] == [{"language": "en"}] * 2


def test_recordings_that_differ_in_their_ending_alone_keep_it() -> None:
    assert output_paths(["a.mp3", "a.wav", "b.mp3"], ["srt"], Path()) == [
        [Path(f"{name}.srt")] for name in ("a.mp3", "a.wav", "b")
    ]
    with pytest.raises(SameOutputError, match="2 recordings are called a"):
        output_paths(["a.mp3", "a.mp3"], ["srt"], Path())


def test_no_recording_is_replaced_and_none_is_sent_before_that_is_known(server: MockServer) -> None:
    recordings("x/a.mp3", "y/a.mp3", "talk.txt")
    assert "2 recordings are called a" in ran("transcribe", "x/a.mp3", "y/a.mp3", code=2).stderr
    ran("transcribe", "talk.txt", code=2)
    ran("transcribe", "talk.txt", "-f", "doc", code=2)
    assert server.requests == []


def test_a_name_that_a_server_told_leads_nowhere_else() -> None:
    [[path]] = output_paths(["..\\..\\x\x1b.mp3"], ["txt"], Path("out"))
    assert path.parent == Path("out")
    assert path.name.isprintable()


def test_all_is_every_format() -> None:
    assert wanted_formats(["srt", "all"]) == ["txt", "srt", "vtt", "json", "tsv"]


def test_standard_output_holds_the_transcript_alone() -> None:
    recordings("talk.mp3")
    assert ran("transcribe", "talk.mp3", "--out", "-").stdout == "Good morning.\n"


def test_for_programs_each_recording_is_a_line(server: MockServer) -> None:
    recordings("a.mp3", "b.mp3")
    server.fail_next("no_audio", "The file has no audio track.")
    done = ran("transcribe", "a.mp3", "b.mp3", "--json", "--parallel", "1", code=1)
    told = sorted((json.loads(line) for line in done.stdout.splitlines()), key=lambda one: one["file"])
    assert [one["status"] for one in told] == ["failed", "completed"]
    assert told[0]["error"] == {"code": "no_audio", "message": "The file has no audio track."}
    assert told[1]["outputs"] == ["b.txt"]


class Minute:
    """A clock that pauses move, and the server's limit by it: ten submissions in any sixty seconds, as is its default."""

    def __init__(self) -> None:
        self.now = 0.0
        self.taken: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await anyio.lowlevel.checkpoint()

    def retry_after(self) -> int | None:
        recent = [at for at in self.taken if at > self.now - 60]
        if len(recent) >= 10:
            return int(recent[-10] + 60 - self.now) + 1
        self.taken.append(self.now)
        return None


def test_25_recordings_finish_under_the_default_limit(server: MockServer, monkeypatch: pytest.MonkeyPatch) -> None:
    minute = Minute()
    original = server._submit

    def submit(request: httpx.Request) -> httpx.Response:
        seconds = minute.retry_after()
        if seconds is None:
            return original(request)
        body = {"code": "rate_limited", "detail": "Too many submissions.", "hint": ""}
        return httpx.Response(429, json=body, headers={"Retry-After": str(seconds)})

    monkeypatch.setattr(server, "_submit", submit)
    monkeypatch.setattr("stenopool_client._drivers.anyio.sleep", minute.sleep)
    names = [f"{number}.mp3" for number in range(25)]
    recordings(*names)
    done = ran("transcribe", *names)
    assert len(list(Path().glob("*.txt"))) == 25
    assert minute.now >= 120
    assert "left: Too many submissions." in done.stderr


def test_a_pause_shows_the_time_that_is_left() -> None:
    class Nothing:
        def show(self, row: Row) -> None: ...
        def line(self, text: str) -> None: ...

    row = Row("a\x1b[2Jb.mp3", Nothing())
    assert row.name == "a [2Jb.mp3"
    row.waits(Waiting(75.4, RateLimitedError(429, "rate_limited", "Too many submissions.")))
    assert row.told() == "pause, 1:15 left: Too many submissions."
    row.uploaded(1_500_000, 3_000_000)
    assert (row.told(), row.fraction) == ("uploads 1.5 of 3.0 MB", 0.5)


def test_jobs_are_listed_shown_cancelled_and_tried_again(server: MockServer) -> None:
    with server.client() as client:
        first, second = client.submit(b"1", filename="a.mp3", external_id="x").job_id, client.submit(b"2").job_id
    assert [line.split()[0] for line in ran("jobs").stdout.splitlines()] == [second, first]
    assert json.loads(ran("jobs", "--external-id", "x", "--json").stdout)["job_id"] == first
    assert ran("cancel", first).stdout == f"{first} cancelled\n"
    assert "a.mp3" in ran("jobs", "--state", "cancelled").stdout
    assert ran("retry", first).stdout == f"{first} queued\n"
    assert ran("status", first).stdout.split()[1] == "queued"
    assert ran("result", first).stdout == "Good morning.\n"
    ran("result", first, "-f", "vtt", "--out", ".")
    assert Path("a.vtt").exists()


def test_a_login_is_kept_for_its_owner_alone() -> None:
    ran("login", "--url", "https://host.example/", "--no-check", typed="sk_secret\n")
    assert stat.S_IMODE(file_of_login().stat().st_mode) == 0o600
    assert place() == Place("https://host.example", "sk_secret")
    assert "sk_secret" not in repr(place())


def test_the_environment_wins_and_a_kept_key_goes_to_its_own_server_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    keep(Place("https://host.example", "sk_kept"))
    monkeypatch.setenv("STENOPOOL_URL", "https://other.example")
    assert place() == Place("https://other.example")
    monkeypatch.setenv("STENOPOOL_API_KEY", "sk_given")
    assert place() == Place("https://other.example", "sk_given")
    monkeypatch.delenv("STENOPOOL_URL")
    assert place() == Place("https://host.example", "sk_given")


def test_without_anything_it_is_this_machine_and_no_key() -> None:
    assert place() == Place("http://127.0.0.1:8000")


def test_an_error_is_an_exit_code_and_says_what_to_do() -> None:
    wrong = UnauthorizedError(401, "unauthenticated", "No good key.", hint="See the keys.")
    assert (error_code(wrong), error_code(NotFoundError(404, "unknown_job", "None."))) == (4, 1)
    assert failure_lines(wrong) == [
        "stenopool: No good key.",
        "  See the keys.",
        "  Tell the key by STENOPOOL_API_KEY or `stenopool login`.",
    ]


def test_the_operators_commands_join_and_nothing_installs_the_command_twice() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    theirs = set(get_command(operators.app).commands)  # type: ignore[attr-defined] # A group.
    assert set(project["entry-points"][GROUP]) == theirs == {point.name for point in entry_points(group=GROUP)}
    assert "scripts" not in project
    assert "doctor" in ran("--help").stdout
    assert "--dry-run" in ran("jobs", "retry", "--help").stdout
    assert ran("jobs").stdout == ""


def test_the_page_tells_every_command_and_exit_code() -> None:
    page = (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    names = set(get_command(app).list_commands(None))  # type: ignore[attr-defined] # A group.
    assert [name for name in sorted(names) if f"`{name}" not in page] == []
    codes = {value for name, value in vars(ending).items() if name.isupper() and isinstance(value, int)}
    assert [code for code in sorted(codes) if f"| {code} |" not in page] == []


@pytest.mark.parametrize("url", ["host:8000", "ftp://host"])
def test_an_address_that_cannot_be_is_a_line_and_no_traceback(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("STENOPOOL_URL", url)
    monkeypatch.setattr(sys, "argv", ["stenopool", "status", "1"])
    with pytest.raises(SystemExit) as caught:
        run()
    assert caught.value.code == 2
    assert capsys.readouterr().err.startswith("stenopool: the address must be like http://host:8000")


def test_a_broken_login_says_how_to_make_it_anew() -> None:
    file_of_login().parent.mkdir(parents=True)
    file_of_login().write_text("{")
    with pytest.raises(WrongPlaceError, match="stenopool login"):
        place()
