"""Real recordings through real processes and the demo model: every container, every language, honest endings."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from stenopool.local.commands import Choice
from stenopool.local.word_errors import word_error_rate
from tests.acceptance.live_stack import SAMPLES, People, live_stack
from tests.integration.decode.made_media import write_bomb

pytestmark = pytest.mark.timeout(240)

DEMO = sorted(path.name for path in SAMPLES.glob("demo.*") if path.suffix != ".txt")


@pytest.fixture(scope="module")
def people(redis_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    with live_stack(redis_binary, tmp_path_factory.mktemp("data"), Choice("faster-whisper", "demo")) as people:
        yield people


def script(name: str) -> str:
    return (SAMPLES / f"{name}.txt").read_text(encoding="utf-8")


def test_the_samples_cover_six_containers() -> None:
    assert {Path(name).suffix for name in DEMO} >= {".wav", ".flac", ".mp3", ".m4a", ".ogg", ".webm"}


@pytest.mark.parametrize("name", DEMO)
def test_every_container_gives_the_words_that_were_said(people: People, name: str) -> None:
    assert word_error_rate(script("demo"), people.text(SAMPLES / name)) == 0


def test_a_result_says_what_ran_and_when_what_was_said(people: People) -> None:
    job = people.submit(SAMPLES / "demo.wav", word_timestamps="true")["job_id"]
    assert people.ended(job)["status"] == "completed"
    result = people.result(job)
    assert (result["engine"], result["model"], result["language"]) == ("faster-whisper", "demo", "en")
    segments = result["segments"]
    assert len(segments) > 1
    for before, after in pairwise(segments):
        assert 0 <= before["start"] < before["end"] <= after["start"]
    assert segments[-1]["end"] <= result["duration"]
    assert all(0 <= word["probability"] <= 1 for segment in segments for word in segment["words"])


def test_a_concat_script_named_mp3_is_refused_at_the_door(people: People, tmp_path: Path) -> None:
    script = tmp_path / "talk.mp3"
    script.write_text("ffconcat version 1.0\nfile victim.wav\n", encoding="ascii")
    with script.open("rb") as file:
        answer = people.http.post("/transcribe", files={"file": file})
    assert (answer.status_code, answer.json()["code"]) == (415, "not_audio")


def test_a_picture_is_refused_at_the_door(people: People) -> None:
    png = b"\x89PNG\r\n\x1a\n" + b"\x00" * 64
    answer = people.http.post("/transcribe", files={"file": ("talk.wav", png, "audio/wav")})
    assert (answer.status_code, answer.json()["code"]) == (415, "not_audio")
    assert answer.json()["hint"]


def test_ten_hours_of_silence_in_a_small_file_fail_as_too_long(people: People, tmp_path: Path) -> None:
    bomb = write_bomb(tmp_path / "bomb.flac", hours=10)
    assert bomb.stat().st_size < 150_000
    status = people.ended(people.submit(bomb)["job_id"])
    assert (status["status"], status["error"]["code"]) == ("failed", "audio_too_long")


def test_a_truncated_mp4_fails_as_undecodable(people: People, tmp_path: Path) -> None:
    whole = (SAMPLES / "demo.m4a").read_bytes()
    # Nothing behind the first box with its name: the table of contents is missing or cut.
    truncated = tmp_path / "cut.m4a"
    truncated.write_bytes(whole[:400])
    status = people.ended(people.submit(truncated)["job_id"])
    assert (status["status"], status["error"]["code"]) == ("failed", "undecodable_media")
    assert status["error"]["hint"]


def test_silence_and_noise_complete_without_words(people: People) -> None:
    assert people.text(SAMPLES / "silence.flac") == ""
    assert people.text(SAMPLES / "noise.flac") == ""
