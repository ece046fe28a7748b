"""The same file again, twenty times at once, and taken back by nearly all: one run, equal results."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stenopool.local.commands import Choice
from tests.acceptance.live_stack import People, fast_leases, live_stack, write_tone

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def people(redis_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    with pytest.MonkeyPatch.context() as patch:
        fast_leases(patch)
        patch.setenv("ALLOW_FAKE_ENGINE", "true")
        # Slow enough that a job of some seconds is still running when the next call comes.
        patch.setenv("FAKE_ENGINE_SPEED", "4")
        with live_stack(redis_binary, tmp_path_factory.mktemp("data"), Choice("fake", "fake")) as people:
            yield people


def test_the_same_file_again_is_completed_at_once_and_the_engine_ran_once(people: People, tmp_path: Path) -> None:
    media = write_tone(tmp_path / "again.wav", 1.5)
    before = len(people.transcripts())
    first = people.submit(media, vad_filter="false")
    assert people.ended(first["job_id"])["status"] == "completed"
    second = people.submit(media, vad_filter="false")
    assert second["status"] == "completed"
    assert second["job_id"] != first["job_id"]
    assert people.status(second["job_id"])["cached"] is True
    assert len(people.transcripts()) - before == 1
    assert people.result(second["job_id"])["text"] == people.result(first["job_id"])["text"] != ""


def test_other_options_make_another_run(people: People, tmp_path: Path) -> None:
    media = write_tone(tmp_path / "options.wav", 1.0)
    assert people.ended(people.submit(media, vad_filter="false")["job_id"])["status"] == "completed"
    again = people.submit(media, vad_filter="false", word_timestamps="true")
    assert again["status"] == "queued"
    assert people.ended(again["job_id"])["status"] == "completed"


def test_twenty_at_once_share_one_run_and_read_equal_results(people: People, tmp_path: Path) -> None:
    media = write_tone(tmp_path / "twenty.wav", 3.0, hertz=500)
    before = len(people.transcripts())
    jobs = people.submit_at_once(media, 20, vad_filter="false")
    assert len(set(jobs)) == 20
    assert {people.ended(job)["status"] for job in jobs} == {"completed"}
    assert len(people.transcripts()) - before == 1
    results = [{**people.result(job), "job_id": None} for job in jobs]
    assert all(result == results[0] for result in results)


def test_nineteen_of_twenty_cancelled_leaves_the_last_to_complete(people: People, tmp_path: Path) -> None:
    media = write_tone(tmp_path / "nineteen.wav", 12.0, hertz=250)
    jobs = [people.submit(media, vad_filter="false")["job_id"] for _ in range(20)]
    for job in jobs[:19]:
        answer = people.http.delete(f"/job/{job}")
        assert (answer.status_code, answer.json()["status"]) == (200, "cancelled"), answer.text
    assert people.ended(jobs[19])["status"] == "completed"
    assert {people.status(job)["status"] for job in jobs[:19]} == {"cancelled"}
    refused = people.http.get(f"/result/{jobs[0]}")
    assert (refused.status_code, refused.json()["code"]) == (409, "job_cancelled")


def test_the_last_one_cancelled_ends_the_run_within_a_segment(people: People, tmp_path: Path) -> None:
    before = len(people.transcripts())
    job = people.submit(write_tone(tmp_path / "last.wav", 120.0, hertz=300), vad_filter="false")["job_id"]
    people.running(job)
    assert people.http.delete(f"/job/{job}").json()["status"] == "cancelled"
    # The worker is free again: a new job is not made to wait for the two minutes' rest.
    other = people.submit(write_tone(tmp_path / "other.wav", 1.0, hertz=320), vad_filter="false")["job_id"]
    assert people.ended(other, limit_s=20)["status"] == "completed"
    assert people.status(job)["status"] == "cancelled"
    assert len(people.transcripts()) == before + 1
