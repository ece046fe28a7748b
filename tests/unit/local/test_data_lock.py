"""One runner per data directory."""

import os
from pathlib import Path

import pytest

from stenopool.local.data_lock import DataLock
from stenopool.local.errors import StartError


def test_a_second_runner_is_refused_in_one_line_with_the_address_of_the_first(data_dir: Path) -> None:
    with DataLock(data_dir) as first:
        first.tell("http://127.0.0.1:8123")
        with pytest.raises(StartError) as refusal, DataLock(data_dir):
            pass
    assert "http://127.0.0.1:8123" in str(refusal.value)
    assert str(os.getpid()) in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_another_data_directory_is_not_locked(data_dir: Path, tmp_path: Path) -> None:
    with DataLock(data_dir), DataLock(tmp_path / "other"):
        pass


def test_a_directory_is_free_again_after_its_runner_ended(data_dir: Path) -> None:
    with DataLock(data_dir):
        pass
    with DataLock(data_dir):
        pass


def test_a_lock_file_left_by_a_killed_runner_locks_nobody_out(data_dir: Path) -> None:
    (data_dir / "run").mkdir()
    (data_dir / "run" / "runner.lock").write_text('{"pid": 1, "address": "http://127.0.0.1:1"}')
    with DataLock(data_dir):
        pass
