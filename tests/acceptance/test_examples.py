"""docs/how-to/call-the-api.md does what it says: its examples are run as they stand, against real processes."""

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

PAGE: Final = (ROOT / "docs" / "how-to" / "call-the-api.md").read_text(encoding="utf-8")
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
    """Where the reader stands, with a recording."""
    shutil.copy(SAMPLES / "demo.mp3", tmp_path / "talk.mp3")
    return tmp_path


def script(language: str) -> str:
    """All examples in a language, one after the other."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 3
    return "".join(blocks)


def ran(people: People, folder: Path, command: list[str], text: str) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(
        command,
        input=text,
        cwd=folder,
        env={**os.environ, "STENOPOOL_URL": people.stack.place.address, "STENOPOOL_KEY": KEY},
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
    lines = ran(people, folder, ["sh", "-eu"], script("sh")).stdout.splitlines()
    at = lines.index("completed")
    assert "segment" in lines[:at]
    text, [jobs] = "\n".join(lines[at + 1 : -1]), lines[-1:]
    assert word_error_rate(said(), text) == 0
    assert '"external_id":"call-17"' in jobs
    assert (folder / "talk.srt").read_text().startswith("1\n00:00:")
    recording = (SAMPLES / "demo.mp3").read_bytes()
    assert (folder / "beginning.mp3").read_bytes() == recording[: 64 * 1024]


def test_the_lines_for_python(people: People, folder: Path) -> None:
    lines = ran(people, folder, [sys.executable, "-W", "error", "-"], script("python")).stdout.splitlines()
    assert word_error_rate(said(), " ".join(line[8:] for line in lines[:-1])) == 0
    assert re.fullmatch(r"[0-9a-f]{32} completed", lines[-1])
    assert (folder / "talk.vtt").read_text().startswith("WEBVTT")


@pytest.mark.needs("node")
def test_the_lines_for_typescript(people: People, folder: Path) -> None:
    done = ran(people, folder, ["node", "--input-type=module", "-"], script("ts"))
    assert word_error_rate(said(), " ".join(done.stdout.split("\n"))) == 0
    assert "completed" in done.stderr.splitlines()
    page = (folder / "talk.html").read_text()
    assert re.search(r"<p>[1-9][0-9]* pixels</p>", page)
    [link] = re.findall(r'src="(http[^"]+)"', page)
    assert people.http.get(link).content == (SAMPLES / "demo.mp3").read_bytes()
