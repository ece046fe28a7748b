"""The pages do what they say: their examples are run as they stand, against real processes."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from stenopool.local.commands import Choice
from stenopool.local.word_errors import word_error_rate
from tests.acceptance.live_stack import ROOT, SAMPLES, People, live_stack
from tests.acceptance.pages import blocks

CALLS: Final = "how-to/call-the-api.md"
QUICK: Final = "tutorial/quickstarts.md"
WALK: Final = "tutorial/first-transcript.md"
FROM_SYNCHRONOUS: Final = "how-to/move-from-a-synchronous-api.md"
FROM_OPENAI: Final = "how-to/move-from-the-openai-api.md"
FROM_WHISPER: Final = "how-to/move-from-the-whisper-command.md"
KEY: Final = "the key of the examples"
LIMIT_S: Final = 100

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def people(redis_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("API_KEY", KEY)
        with live_stack(redis_binary, tmp_path_factory.mktemp("data"), Choice("faster-whisper", "demo")) as people:
            yield people


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the reader stands, with a recording, two more, and a key that curl sends where the page speaks of none."""
    shutil.copy(SAMPLES / "demo.mp3", tmp_path / "talk.mp3")
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    shutil.copy(SAMPLES / "demo.mp3", recordings / "one.mp3")
    shutil.copy(SAMPLES / "demo.mp3", recordings / "two.mp3")
    (tmp_path / ".curlrc").write_text(f'header = "Authorization: Bearer {KEY}"\n')
    return tmp_path


def script(page: str, language: str) -> str:
    """All examples of a page in a language, one after the other."""
    return "".join(blocks(page, language))


def ran(people: People, folder: Path, command: list[str], text: str) -> "subprocess.CompletedProcess[str]":
    address = people.stack.place.address
    told = {
        "STENOPOOL_URL": address,
        "STENOPOOL_KEY": KEY,
        "STENOPOOL_API_KEY": KEY,
        "OPENAI_BASE_URL": f"{address}/v1",
        "OPENAI_API_KEY": KEY,
        "HOME": str(folder),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    done = subprocess.run(
        command,
        input=text.replace("http://127.0.0.1:8000", address),
        cwd=folder,
        env={**os.environ, **told},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def said() -> str:
    return (SAMPLES / "demo.txt").read_text(encoding="utf-8")


@pytest.mark.needs("curl")
def test_the_lines_for_curl(people: People, folder: Path) -> None:
    lines = ran(people, folder, ["sh", "-eu"], script(CALLS, "sh")).stdout.splitlines()
    at = lines.index("completed")
    assert "segment" in lines[:at]
    text, [jobs] = "\n".join(lines[at + 1 : -1]), lines[-1:]
    assert word_error_rate(said(), text) == 0
    assert '"external_id":"call-17"' in jobs
    assert (folder / "talk.srt").read_text().startswith("1\n00:00:")
    recording = (SAMPLES / "demo.mp3").read_bytes()
    assert (folder / "beginning.mp3").read_bytes() == recording[: 64 * 1024]


def test_the_lines_for_python(people: People, folder: Path) -> None:
    lines = ran(people, folder, [sys.executable, "-W", "error", "-"], script(CALLS, "python")).stdout.splitlines()
    assert word_error_rate(said(), " ".join(line[8:] for line in lines[:-1])) == 0
    assert re.fullmatch(r"[0-9a-f]{32} completed", lines[-1])
    assert (folder / "talk.vtt").read_text().startswith("WEBVTT")


@pytest.mark.needs("node")
def test_the_lines_for_typescript(people: People, folder: Path) -> None:
    done = ran(people, folder, ["node", "--input-type=module", "-"], script(CALLS, "ts"))
    assert word_error_rate(said(), " ".join(done.stdout.split("\n"))) == 0
    assert "completed" in done.stderr.splitlines()
    page = (folder / "talk.html").read_text()
    assert re.search(r"<p>[1-9][0-9]* pixels</p>", page)
    [link] = re.findall(r'src="(http[^"]+)"', page)
    assert people.http.get(link).content == (SAMPLES / "demo.mp3").read_bytes()


@pytest.mark.needs("curl")
@pytest.mark.parametrize("example", [0, 1])
def test_a_quickstart_of_the_shell_ends_with_subtitles(people: People, folder: Path, example: int) -> None:
    ran(people, folder, ["sh", "-eu"], blocks(QUICK, "sh")[example])
    assert_subtitles(folder / "talk.srt")


def test_the_quickstart_of_python_ends_with_subtitles(people: People, folder: Path) -> None:
    ran(people, folder, [sys.executable, "-W", "error", "-"], script(QUICK, "python"))
    assert_subtitles(folder / "talk.srt")


@pytest.mark.needs("curl")
def test_the_five_minute_walk(people: People, folder: Path) -> None:
    done = ran(people, folder, ["sh", "-eu"], script(WALK, "sh"))
    assert_subtitles(folder / "talk.srt")
    assert '"cached":true' in done.stdout
    assert (folder / "talk.vtt").read_text().startswith("WEBVTT")


@pytest.mark.needs("curl")
def test_moving_from_a_synchronous_api(people: People, folder: Path) -> None:
    text = ran(people, folder, ["sh", "-eu"], script(FROM_SYNCHRONOUS, "sh")).stdout
    assert word_error_rate(said() * 2, text) == 0
    lines = ran(people, folder, [sys.executable, "-W", "error", "-"], script(FROM_SYNCHRONOUS, "python")).stdout
    assert "not_audio - " in lines
    assert word_error_rate(said(), lines[: lines.index("not_audio")]) == 0


@pytest.mark.needs("curl")
def test_moving_from_the_openai_api(people: People, folder: Path) -> None:
    assert ran(people, folder, ["sh", "-eu"], script(FROM_OPENAI, "sh")).stdout.startswith("1\n00:00:")
    lines = ran(people, folder, [sys.executable, "-"], script(FROM_OPENAI, "python")).stdout.splitlines()
    assert word_error_rate(said(), lines[0]) == 0
    for told in ("unsupported_field include", "unknown_field colour"):
        assert told in lines
    assert [line for line in lines if line.startswith("model_not_found ")]
    assert re.fullmatch(r"[0-9a-f]{32}", lines[-1])


@pytest.mark.needs("node")
def test_moving_from_the_openai_api_in_javascript(people: People, folder: Path) -> None:
    subprocess.run([ROOT / "scripts" / "npm_ci.sh", "tests/clients/openai-npm"], check=True, timeout=LIMIT_S)
    (folder / "node_modules").symlink_to(ROOT / "tests" / "clients" / "openai-npm" / "node_modules")
    done = ran(people, folder, ["node", "--input-type=module", "-"], script(FROM_OPENAI, "js"))
    assert word_error_rate(said(), done.stdout) == 0


@pytest.mark.needs("curl")
def test_moving_from_the_whisper_command(people: People, folder: Path) -> None:
    ran(people, folder, ["sh", "-eu"], script(FROM_WHISPER, "sh"))
    assert_subtitles(folder / "talk.srt")
    assert {path.suffix for path in (folder / "transcripts").iterdir()} == {".txt", ".srt", ".vtt", ".tsv", ".json"}
    assert {path.name for path in (folder / "texts").iterdir()} == {"one.txt", "two.txt"}
    lines = ran(people, folder, [sys.executable, "-W", "error", "-"], script(FROM_WHISPER, "python")).stdout
    assert lines.startswith("1\n00:00:")


def assert_subtitles(file: Path) -> None:
    """The sample, as subtitles."""
    text = file.read_text(encoding="utf-8")
    assert text.startswith("1\n00:00:")
    assert word_error_rate(said(), re.sub(r"^(\d+|[\d:,]+ --> [\d:,]+)$", "", text, flags=re.MULTILINE)) == 0
