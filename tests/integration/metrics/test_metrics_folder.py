"""The folder of a group, with real processes: one sum for all, the dead included; what was under way goes with them."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from stenopool.metrics_folder import MetricsFolder
from stenopool.settings import share_metrics
from tests.integration.metrics.exposed import samples, value
from tests.waiting import wait_until

ROOT: Final = Path(__file__).resolve().parents[3]

Start = Callable[..., "Member"]


class Member:
    """A process that counts."""

    def __init__(self, run_dir: Path, owner: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.metrics.counting", str(run_dir), str(owner)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._hear("joined")

    def tell(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        self._hear("done")

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def _hear(self, word: str) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline().strip() == word


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    members: list[Member] = []

    def begin(owner: int = 1) -> Member:
        members.append(Member(tmp_path / "run", owner))
        return members[-1]

    yield begin
    for member in members:
        member.kill()
        for pipe in (member.process.stdin, member.process.stdout):
            assert pipe is not None
            pipe.close()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[MetricsFolder]:
    """This process as a member of the group of owner 1."""
    opened = MetricsFolder.open(tmp_path / "run", "test", 1)
    assert opened is not None
    yield opened
    opened.leave()
    share_metrics(None)


def text(folder: MetricsFolder) -> str:
    return folder.read().decode()


def test_all_members_are_one_sum(start: Start, folder: MetricsFolder) -> None:
    start().tell("count 2")
    start().tell("count 5")
    told = text(folder)
    assert value(told, "transcription_cache_misses_total") == 7
    assert value(told, "transcription_requests_in_progress") == 2
    assert value(told, "transcription_request_duration_seconds_count", route="/health", method="GET") == 2
    assert value(told, "transcription_request_duration_seconds_bucket", route="/health", method="GET", le="0.025") == 2


def test_what_the_dead_counted_stays_and_what_they_had_under_way_goes(start: Start, folder: MetricsFolder) -> None:
    start().tell("count 2")
    dead = start()
    dead.tell("count 5")
    dead.kill()
    for _ in range(2):  # The second look must not add the dead once more.
        told = text(folder)
        assert value(told, "transcription_cache_misses_total") == 7
        assert value(told, "transcription_requests_in_progress") == 1
        assert value(told, "transcription_request_duration_seconds_count", route="/health", method="GET") == 2


def test_however_many_die_the_folder_does_not_grow(start: Start, folder: MetricsFolder) -> None:
    sizes = []
    for _ in range(3):
        dead = start()
        dead.tell("count 1")
        dead.kill()
        text(folder)
        sizes.append(len(list(folder.folder.iterdir())))
    assert sizes[0] == sizes[1] == sizes[2]
    assert value(text(folder), "transcription_cache_misses_total") == 3


def test_a_member_joins_what_is_there_and_a_new_group_begins_empty(start: Start, tmp_path: Path) -> None:
    first, second = start(), start()
    first.tell("count 2")
    second.tell("count 2")
    first.kill()
    second.kill()
    # The same owner again, as in a container that was started anew; nobody of the old group lives.
    opened = MetricsFolder.open(tmp_path / "run", "test", 1)
    assert opened is not None
    assert value(text(opened), "transcription_cache_misses_total") == 0
    opened.leave()
    share_metrics(None)


def test_the_last_to_leave_takes_the_folder_away(start: Start, folder: MetricsFolder) -> None:
    member = start()
    member.tell("leave")
    assert folder.folder.is_dir()
    folder.leave()
    assert not folder.folder.exists()


def test_what_a_dead_group_left_is_removed_and_a_living_one_is_not(start: Start, tmp_path: Path) -> None:
    killed, living = start(owner=2), start(owner=3)
    killed.kill()
    start(owner=4)
    left = {path.name.rpartition("-")[2] for path in (tmp_path / "run").iterdir()}
    assert left == {"3", "4"}
    living.tell("count 1")


def test_what_a_dead_process_of_the_same_pid_had_under_way_is_forgotten(start: Start, tmp_path: Path) -> None:
    """Pids are used again; the gauge of the dead one would otherwise never come down."""
    start()
    (group,) = (tmp_path / "run").iterdir()
    stale = group / f"gauge_livesum_{os.getpid()}.db"
    stale.write_bytes(b"\x01" * 64)
    opened = MetricsFolder.open(tmp_path / "run", "test", 1)
    assert opened is not None
    assert not any(stale.read_bytes())
    opened.leave()
    share_metrics(None)


def test_more_series_than_fit_at_first_are_told_too(start: Start, folder: MetricsFolder) -> None:
    start().tell("many 3000")
    assert len(samples(text(folder))["transcription_requests_total"]) == 3000


def test_a_folder_that_cannot_be_made_leaves_the_process_counting_alone(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file")
    assert MetricsFolder.open(tmp_path / "run", "test", 1) is None


def test_a_stopped_process_at_the_gate_does_not_hang_the_others(
    start: Start, folder: MetricsFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stenopool.metrics_folder._GATE_LIMIT_S", 0.2)
    gate = f"import fcntl, sys, time; f = open({str(folder.folder / 'gate')!r}, 'ab'); fcntl.flock(f, fcntl.LOCK_EX)"
    holder = subprocess.Popen([sys.executable, "-c", f"{gate}; print('held', flush=True); time.sleep(60)"])
    try:

        def is_held() -> bool:
            try:
                folder.read()
            except TimeoutError:
                return True
            return False

        assert wait_until(is_held, 10, "the gate to be held")
    finally:
        holder.kill()
        holder.wait(10)
