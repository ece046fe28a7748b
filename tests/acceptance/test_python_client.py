"""The Python client against real processes: docs/how-to/use-python.md as it stands, and what a stand-in cannot show."""

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from stenopool.local.commands import Choice
from stenopool_client import Client, NotFoundError, SegmentEvent, UnauthorizedError, UnsupportedMediaError
from tests.acceptance.live_stack import ROOT, SAMPLES, People, live_stack, write_tone
from tests.waiting import wait_until

PAGE: Final = (ROOT / "docs" / "how-to" / "use-python.md").read_text(encoding="utf-8")
KEY: Final = "the key of the examples"

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def people(redis_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("API_KEY", KEY)
        patch.setenv("ALLOW_FAKE_ENGINE", "true")
        with live_stack(redis_binary, tmp_path_factory.mktemp("data"), Choice("fake", "fake")) as people:
            yield people


@pytest.fixture
def client(people: People) -> Iterator[Client]:
    with Client(people.stack.place.address, KEY) as opened:
        yield opened


def test_the_examples_of_the_page(people: People, tmp_path: Path) -> None:
    shutil.copy(SAMPLES / "demo.mp3", tmp_path / "talk.mp3")
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 6
    told = {"STENOPOOL_URL": people.stack.place.address, "STENOPOOL_API_KEY": KEY}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-"],
        input="\n".join(blocks),
        cwd=tmp_path,
        env=told,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "completed: 100%" in done.stdout
    assert "it was deleted a moment ago" in done.stdout


def test_every_question_about_a_job_is_understood(client: Client) -> None:
    recording = (SAMPLES / "demo.mp3").read_bytes()
    job = client.submit(recording, filename="demo.mp3", metadata={"room": "ä"}, beam_size=3).job_id
    result = client.wait_for_result(job, timeout_s=60)
    status = client.status(job)
    assert (status.status, status.metadata, status.filename) == ("completed", {"room": "ä"}, "demo.mp3")
    assert [event.segment.text for event in client.events(job) if isinstance(event, SegmentEvent)] == [
        segment.text for segment in result.segments
    ]
    assert client.result_as(job, "vtt").startswith("WEBVTT")
    assert b"".join(client.media(job)) == recording
    peaks = client.peaks(job)
    assert len(peaks.data) == 2 * peaks.length
    assert client.media_link(job).url.startswith("/media/")
    assert client.webhooks(job).deliveries == ()
    assert client.usage().total.jobs >= 1
    assert job in [one.job_id for one in client.list(state=("completed",))]
    assert client.health().engine == "fake"
    assert "fake" in [model.id for model in client.models()]
    assert client.delete(job).status == "deleted"
    with pytest.raises(NotFoundError):
        client.status(job)


def test_a_refusal_before_the_upload_is_over_is_heard(people: People, client: Client) -> None:
    with pytest.raises(UnsupportedMediaError, match="not_audio"):
        client.submit(b"no recording" * 1_000_000)
    with Client(people.stack.place.address, "wrong") as stranger, pytest.raises(UnauthorizedError):
        stranger.submit(b"RIFF" * 1_000_000)


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "stenopool_client.cli", *words]


def environment(people: People, folder: Path, key: str = KEY) -> dict[str, str]:
    return {
        "STENOPOOL_URL": people.stack.place.address,
        "STENOPOOL_API_KEY": key,
        "PATH": os.environ["PATH"],
        "XDG_CONFIG_HOME": str(folder),
        "TERM": "xterm",
        "COLUMNS": "120",
    }


def test_the_command_without_a_terminal(people: People, tmp_path: Path) -> None:
    for name in ("a.mp3", "b.mp3"):
        shutil.copy(SAMPLES / "demo.mp3", tmp_path / name)
    done = subprocess.run(
        command("transcribe", "a.mp3", "b.mp3", "--format", "srt", "--format", "json", "--json"),
        cwd=tmp_path,
        env=environment(people, tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert sorted(json.loads(line)["file"] for line in done.stdout.splitlines()) == ["a.mp3", "b.mp3"]
    assert (tmp_path / "a.srt").read_text().startswith("1\n00:00:")
    assert json.loads((tmp_path / "b.json").read_text())["status"] == "completed"
    assert "\x1b" not in done.stderr


def test_a_wrong_key_is_told_by_the_exit_code(people: People, tmp_path: Path) -> None:
    done = subprocess.run(
        command("jobs"), env=environment(people, tmp_path, "wrong"), capture_output=True, text=True, check=False
    )
    assert done.returncode == 4
    assert "stenopool login" in done.stderr


def test_on_a_terminal_there_are_bars_and_ctrl_c_leaves_the_job_running(people: People, tmp_path: Path) -> None:
    """Nobody recognises meanwhile, so that the job is there for sure when the person gives up."""
    write_tone(tmp_path / "long.wav", 20)
    recogniser = people.pid("recognise")
    master, slave = pty.openpty()
    os.kill(recogniser, signal.SIGSTOP)
    try:
        with subprocess.Popen(
            command("transcribe", "long.wav", "--format", "srt"),
            cwd=tmp_path,
            env=environment(people, tmp_path),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        ) as program:
            os.close(slave)
            shown = Shown(master)
            wait_until(
                lambda: re.search(r"long\.wav.*(queued|processing)", shown.text()), 30, "a bar of the queued job"
            )
            program.send_signal(signal.SIGINT)
            wait_until(lambda: shown.text() and program.poll() is not None, 15, "the command to end")
            assert program.returncode == 130
    finally:
        os.kill(recogniser, signal.SIGCONT)
    assert "━" in shown.text()
    [line] = re.findall(r"stenopool (result [^\r\n]+)", shown.text())
    os.close(master)
    subprocess.run(command(*line.split()), cwd=tmp_path, env=environment(people, tmp_path), timeout=60, check=True)
    assert (tmp_path / "long.srt").exists()


class Shown:
    """What a terminal was sent so far."""

    def __init__(self, master: int) -> None:
        self._master = master
        self._bytes = b""
        os.set_blocking(master, False)

    def text(self) -> str:
        try:
            while piece := os.read(self._master, 65536):
                self._bytes += piece
        except OSError:
            # Nothing more for now, or nobody writes any more.
            pass
        return self._bytes.decode(errors="replace")
