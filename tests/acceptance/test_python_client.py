"""The Python client against real processes: docs/how-to/use-python.md as it stands, and what a stand-in cannot show."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from stenopool.local.commands import Choice
from stenopool_client import Client, NotFoundError, SegmentEvent, UnauthorizedError, UnsupportedMediaError
from tests.acceptance.live_stack import ROOT, SAMPLES, People, live_stack

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
    environment = {"STENOPOOL_URL": people.stack.place.address, "STENOPOOL_API_KEY": KEY}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-"],
        input="\n".join(blocks),
        cwd=tmp_path,
        env=environment,
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
