"""Run files: what one process writes the other reads, and what is torn or missing reads as nothing."""

import os
import time
from pathlib import Path

import pytest

from stenopool.ledger.model import UnitKind
from worker.run_files import Admission, ChildRecord, ClaimRecord, RunFiles, WorkerRecord

WORKER = WorkerRecord(worker_id="host:1:ab", pools=("prepare",), children=2)
CLAIM = ClaimRecord(claim_id="c", unit="tr/span-0", label="tr span 1/1", started=True, done_s=1.5, kind=UnitKind.SPAN)


@pytest.fixture
def files(tmp_path: Path) -> RunFiles:
    made = RunFiles(tmp_path, 4711)
    made.create(WORKER)
    return made


def test_a_child_finds_its_worker_by_the_pid_of_its_parent(files: RunFiles, tmp_path: Path) -> None:
    assert RunFiles(tmp_path, 4711).worker() == WORKER
    assert RunFiles(tmp_path, 4712).worker() is None


def test_a_folder_left_by_a_dead_process_of_the_same_pid_goes(files: RunFiles) -> None:
    files.drain(1.0)
    files.refuse("no weights")
    files.create(WORKER)
    assert files.drain_until() is None
    assert files.refusal() is None


def test_children_are_read_as_they_were_written(files: RunFiles) -> None:
    record = ChildRecord(pid=12, identity="{}", at=time.monotonic(), claims=(CLAIM,))
    files.write_child(record)
    files.write_child(ChildRecord(pid=13, identity="", at=1.0))
    assert next(iter(files.children())) == record
    files.remove_child(12)
    assert [child.pid for child in files.children()] == [13]


def test_a_torn_file_reads_as_nothing(files: RunFiles) -> None:
    (files.folder / "child-1.json").write_text('{"pid": 1')
    (files.folder / "drain.json").write_text("")
    (files.folder / "admission").write_text("perhaps")
    assert list(files.children()) == []
    assert files.drain_until() is None
    assert files.admission() is None


def test_nobody_is_admitted_until_somebody_says_so(files: RunFiles) -> None:
    assert files.admission() is None
    files.admit(Admission.OK)
    assert files.admission() is Admission.OK
    files.admit(Admission.MISMATCH)
    assert files.admission() is Admission.MISMATCH


def test_only_different_units_count_and_one_success_clears_the_count(files: RunFiles) -> None:
    for unit in ("a/span-0", "a/span-0", "b/span-0"):
        files.note_failure(unit)
    assert files.failed_units() == 2
    files.note_success()
    assert files.failed_units() == 0
    files.note_success()


def test_writing_into_a_folder_that_is_gone_is_no_error(files: RunFiles) -> None:
    files.remove()
    files.write_child(ChildRecord(pid=os.getpid(), identity="", at=1.0))
    files.note_failure("a/span-0")
    assert list(files.children()) == []
