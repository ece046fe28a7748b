"""Real processes with times of seconds: in the end no file and no record is left of what was sent."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery

from beat.app import house_settings
from stenopool.ledger import keys
from stenopool.ledger import operations as op
from stenopool.ledger.counts import REMOVED, counted
from stenopool.ledger.ledger import Ledger
from stenopool.local.commands import Choice
from stenopool.queueing.names import HOUSE
from stenopool.redis_pools import redis_client
from stenopool.settings import load_settings
from tests.acceptance.live_stack import People, fast_leases, live_stack, write_tone
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def people(redis_binary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[People]:
    fast_leases(monkeypatch)
    monkeypatch.setenv("ALLOW_FAKE_ENGINE", "true")
    monkeypatch.setenv("FAKE_ENGINE_SPEED", "4")
    for name, span in {"MEDIA_TTL": "1s", "FAILED_MEDIA_TTL": "2s", "RESULT_TTL": "3s"}.items():
        monkeypatch.setenv(name, span)
    with live_stack(redis_binary, tmp_path / "data", Choice("fake", "fake")) as people:
        yield people


def test_in_the_end_nothing_is_left_of_what_was_sent(people: People, tmp_path: Path) -> None:
    kept = people.submit(write_tone(tmp_path / "kept.wav", 1.0), vad_filter="false")["job_id"]
    failed = people.submit(_broken(tmp_path / "broken.wav"))["job_id"]
    running = people.submit(write_tone(tmp_path / "running.wav", 40.0, hertz=300), vad_filter="false")["job_id"]
    assert people.ended(kept)["status"] == "completed"
    assert people.ended(failed)["status"] == "failed"
    people.running(running)
    # Cancelled and deleted while a worker is at it: what that one still writes goes, too.
    assert [people.http.delete(f"/job/{running}").json()["status"] for _ in range(2)] == ["cancelled", "deleted"]
    assert people.http.get(f"/status/{running}").status_code == 404

    seen: set[str] = set()
    with _rounds(people) as housekeeper, redis_client(people.redis.url) as client:

        def all_gone() -> bool:
            housekeeper.send_task("store.retain", queue=HOUSE, ignore_result=True)
            seen.add(_answer(people, kept))
            return not _files(people) and not client.exists(keys.DUE)

        wait_until(all_gone, 90, "the last file to go", every_s=0.5)
        # Told as expired before it was forgotten.
        assert {"result_expired", "unknown_job"} <= seen
        assert [
            key for key in client.scan_iter("steno:*") if key.startswith(("steno:job:", "steno:tr:", "steno:tenant:a"))
        ] == []
        removed = counted(Ledger(client, lambda _bells: None).do(op.census()).counts, REMOVED)
    assert removed[("job",)] == 3
    assert removed[("media",)] == 3
    assert 'transcription_removed_total{kind="job"} 3.0' in people.http.get("/metrics").text


def _answer(people: People, job_id: str) -> str:
    answer = people.http.get(f"/result/{job_id}")
    return "there" if answer.status_code == 200 else str(answer.json()["code"])


def _files(people: People) -> list[Path]:
    """What the store holds but for its own."""
    store = people.stack.place.data_dir / "store"
    own = ("epoch", "clock", "keys", "usage", ".unfinished")
    return [file for file in store.rglob("*") if file.is_file() and file.relative_to(store).parts[0] not in own]


def _broken(path: Path) -> Path:
    """Sound in name only."""
    path.write_bytes(b"RIFF\xff\xff\xff\xffWAVEfmt \x10\x00\x00\x00" + b"\x00" * 400)
    return path


def _rounds(people: People) -> Celery:
    """Sends the housekeeper on rounds: the timetable's come every half minute."""
    data_dir = str(people.stack.place.data_dir)
    sender = Celery(set_as_current=False)
    sender.conf.update(house_settings(load_settings({"REDIS_URL": people.redis.url, "DATA_DIR": data_dir})))
    return sender
