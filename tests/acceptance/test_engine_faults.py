"""Children killed and engines that hang: the job ends once and honestly, and other jobs go on."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from stenopool.local.commands import Choice
from tests.acceptance.live_stack import People, fast_leases, live_stack, write_tone
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def people(redis_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    with pytest.MonkeyPatch.context() as patch:
        fast_leases(patch)
        patch.setenv("ALLOW_FAKE_ENGINE", "true")
        patch.setenv("FAKE_ENGINE_SPEED", "4")
        patch.setenv("FAKE_ENGINE_FAULT", "hang<0.6,hang_gil<1.1")
        # Three attempts of a hung unit shall not take three times the usual minute.
        patch.setenv("UNIT_BASE_TIMEOUT_S", "2")
        with live_stack(redis_binary, tmp_path_factory.mktemp("data"), Choice("fake", "fake")) as people:
            yield people


def recognising_children(people: People) -> set[int]:
    """Pool children of the recognise worker, as the kernel lists them."""
    main = people.pid("recognise")
    listed = Path(f"/proc/{main}/task/{main}/children").read_text(encoding="ascii").split()
    return {int(pid) for pid in listed if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()}


def test_a_killed_child_costs_about_a_second_and_the_job_completes_once(people: People, tmp_path: Path) -> None:
    before = len(people.transcripts())
    job = people.submit(write_tone(tmp_path / "killed.wav", 8.0), vad_filter="false")["job_id"]
    people.running(job)
    children = recognising_children(people)
    for pid in children:
        os.kill(pid, signal.SIGKILL)
    status = people.ended(job)
    assert status["status"] == "completed"
    assert status["attempts"] == 2
    assert len(people.transcripts()) == before + 1
    assert not recognising_children(people) & children


@pytest.mark.parametrize(("holds", "duration_s"), [("released", 0.4), ("held", 0.9)])
def test_an_engine_that_hangs_with_the_gil(people: People, tmp_path: Path, holds: str, duration_s: float) -> None:
    media = write_tone(tmp_path / f"{holds}.wav", duration_s)
    hung = people.submit(media, vad_filter="false")["job_id"]
    other = people.submit(write_tone(tmp_path / "other.wav", 2.0, hertz=600), vad_filter="false")["job_id"]
    assert people.ended(other, limit_s=120)["status"] == "completed"
    status = people.ended(hung, limit_s=120)
    assert (status["status"], status["error"]["code"]) == ("failed", "engine_timeout")
    assert status["attempts"] == 3


def test_the_stack_is_well_after_all_that(people: People) -> None:
    def healthy() -> bool:
        return people.http.get("/health").status_code == 200

    assert wait_until(healthy, 30, "health")
