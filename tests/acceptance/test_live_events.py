"""Events of a real recording on the whole stack: text long before the end, exact through cuts and a new API process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stenopool.local.commands import Choice
from tests.acceptance.live_stack import SAMPLES, People, live_stack
from tests.integration.api.listener import Listener

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def people(redis_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ALLOW_FAKE_ENGINE", "true")
        # The two minutes take eight seconds.
        patch.setenv("FAKE_ENGINE_SPEED", "15")
        with live_stack(redis_binary, tmp_path_factory.mktemp("data"), Choice("fake", "fake")) as people:
            yield people


def test_a_two_minute_recording_is_heard_while_it_is_worked_on_whatever_is_cut(people: People) -> None:
    address = people.stack.place.address
    job_id = people.submit(SAMPLES / "long.ogg")["job_id"]
    heard: list[str] = []
    place: str | None = None
    states: list[str] = []
    for cut_after in (1, 3, 10, 1, 25):
        with Listener(address, f"/jobs/{job_id}/events", place) as listener:
            listener.wait("segment", cut_after, 60)
        states.append(str(people.status(job_id)["status"]))
        heard += listener.texts
        place = listener.place
    with Listener(address, f"/jobs/{job_id}/events", place) as last:
        last.wait_end(60)
    heard += last.texts
    assert states[0] == "processing"
    assert last.events[-1].name == "completed"
    assert heard == [segment["text"] for segment in people.result(job_id)["segments"]]
    assert len(heard) > 60
