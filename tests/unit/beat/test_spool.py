"""Clearing what killed processes left, and nothing else."""

import os
import time
from pathlib import Path

from beat.tasks.spool import clear_abandoned

HOUR_S = 3600


def aged(path: Path, hours: float) -> Path:
    moment = time.time() - hours * HOUR_S
    os.utime(path, (moment, moment))
    return path


def clear(data_dir: Path) -> int:
    return clear_abandoned(data_dir, time.time() - 24 * HOUR_S)


def test_an_old_upload_goes_and_a_young_one_stays(data_dir: Path) -> None:
    spool = data_dir / "spool"
    spool.mkdir()
    (spool / "old").write_bytes(b"x")
    (spool / "young").write_bytes(b"x")
    aged(spool / "old", 25)
    aged(spool / "young", 23)
    assert clear(data_dir) == 1
    assert [file.name for file in spool.iterdir()] == ["young"]
    assert clear(data_dir) == 0


def test_a_decoding_folder_goes_only_when_nothing_in_it_is_young(data_dir: Path) -> None:
    for name, hours in (("prepare-dead", 30), ("prepare-busy", 1)):
        folder = data_dir / "spool" / name
        folder.mkdir(parents=True)
        (folder / "audio.pcm").write_bytes(b"x")
        aged(folder / "audio.pcm", hours)
        aged(folder, 30)
    assert clear(data_dir) == 1
    assert [folder.name for folder in (data_dir / "spool").iterdir()] == ["prepare-busy"]


def test_run_files_of_dead_processes_go_and_the_schedule_stays(data_dir: Path) -> None:
    run = data_dir / "run"
    (run / "worker-host-1").mkdir(parents=True)
    aged(run / "worker-host-1", 30)
    (run / "beat-schedule").write_bytes(b"x")
    aged(run / "beat-schedule", 1000)
    (run / "alive-house-host-1").write_bytes(b"x")
    aged(run / "alive-house-host-1", 30)
    assert clear(data_dir) == 2
    assert [file.name for file in run.iterdir()] == ["beat-schedule"]


def test_a_link_out_of_the_spool_is_removed_and_not_followed(data_dir: Path) -> None:
    outside = data_dir / "store"
    outside.mkdir()
    (outside / "media").write_bytes(b"x")
    (data_dir / "spool").mkdir()
    link = data_dir / "spool" / "link"
    link.symlink_to(outside)
    moment = time.time() - 30 * HOUR_S
    os.utime(link, (moment, moment), follow_symlinks=False)
    assert clear(data_dir) == 1
    assert (outside / "media").exists()


def test_a_data_directory_without_folders_needs_no_clearing(data_dir: Path) -> None:
    assert clear(data_dir) == 0
