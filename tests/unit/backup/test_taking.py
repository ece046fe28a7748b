"""A backup is whole, holds what it should, and is never of a moment that never was."""

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stenopool.backup import taking
from stenopool.backup.taking import backups_in, read_note, take_backup
from stenopool.errors import ErrorCode, FatalError, TransientError
from stenopool.media.local_store import LocalStore

MANIFEST = "manifests/2026-11-25/a.json"


@pytest.fixture
def store(data_dir: Path) -> LocalStore:
    """A store that has met a ledger, with one open job."""
    made = LocalStore(data_dir / "store")
    made.put("epoch", b"e" * 32)
    made.put("media/m", b"sound")
    made.put(MANIFEST, b"{}")
    made.put("keys/links", b"secret")
    return made


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "backups"


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look at the clock is a minute after the last: two backups in one second are refused."""
    moments = (datetime(2026, 11, 25, 4, tzinfo=UTC) + timedelta(minutes=minute) for minute in range(1000))
    monkeypatch.setattr(taking, "utc_now", lambda: next(moments))


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder / "store").as_posix() for path in (folder / "store").rglob("*") if path.is_file()}


def during(monkeypatch: pytest.MonkeyPatch, before: str, act: Callable[[], object]) -> None:
    """``act`` happens just before the folder ``before`` is copied."""
    copy = taking.copy_folder

    def copy_and_act(source: Path, *others: object) -> None:
        if source.name == before:
            act()
        copy(source, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(taking, "copy_folder", copy_and_act)


def test_a_backup_holds_the_store_but_for_epoch_audio_and_what_is_unfinished(
    store: LocalStore, data_dir: Path, target: Path
) -> None:
    store.put("work/r/plan.pcm", b"\0" * 100)
    store.put("work/r/plan.json", b"{}")
    (data_dir / "store" / ".unfinished" / "half").write_bytes(b"")
    taken = take_backup(data_dir, target)
    assert files(taken.folder) == {"media/m", MANIFEST, "keys/links", "work/r/plan.json"}
    assert taken.note == read_note(taken.folder)
    assert (taken.note.objects, taken.note.size_bytes) == (4, len(b"sound{}secret{}"))


def test_times_and_modes_are_kept(store: LocalStore, data_dir: Path, target: Path) -> None:
    os.utime(data_dir / "store" / "media" / "m", ns=(5, 1_700_000_000_123_456_789))
    copied = take_backup(data_dir, target).folder / "store"
    assert (copied / "media" / "m").stat().st_mtime_ns == 1_700_000_000_123_456_789
    assert (copied / "keys" / "links").stat().st_mode & 0o777 == 0o600


def test_what_has_not_changed_takes_no_room_twice(store: LocalStore, data_dir: Path, target: Path) -> None:
    first = take_backup(data_dir, target).folder / "store"
    store.replace(MANIFEST, b'{"ending": 1}')
    store.put("media/n", b"more")
    second = take_backup(data_dir, target).folder / "store"
    assert (first / "media" / "m").stat().st_ino == (second / "media" / "m").stat().st_ino
    assert (first / MANIFEST).read_bytes() == b"{}"
    assert (second / MANIFEST).read_bytes() == b'{"ending": 1}'
    assert (second / "media" / "n").read_bytes() == b"more"


def test_a_disk_without_hard_links_gets_copies(
    store: LocalStore, data_dir: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_backup(data_dir, target)

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", refuse)
    assert files(take_backup(data_dir, target).folder) == {"media/m", MANIFEST, "keys/links"}


def test_a_job_that_ends_while_it_is_copied_has_its_transcript(
    store: LocalStore, data_dir: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It also loses its recording, as with ``MEDIA_TTL=0s``: neither there nor here it would be a job without both."""

    def end() -> None:
        store.put("transcripts/r.json", b"{}")
        store.delete("media/m")

    during(monkeypatch, "media", end)
    assert "transcripts/r.json" in files(take_backup(data_dir, target).folder)


def test_a_result_that_expires_while_it_is_copied_leaves_its_note(
    store: LocalStore, data_dir: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put("transcripts/r.json", b"{}")

    def expire() -> None:
        store.put("gone/r.json", b"{}")
        store.delete("transcripts/r.json")

    during(monkeypatch, "transcripts", expire)
    assert "gone/r.json" in files(take_backup(data_dir, target).folder)


def test_a_job_that_is_deleted_while_it_is_copied_does_not_come_back(
    store: LocalStore, data_dir: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def delete() -> None:
        store.delete(MANIFEST)
        store.delete("media/m")

    during(monkeypatch, "media", delete)
    assert MANIFEST not in files(take_backup(data_dir, target).folder)


def test_a_job_that_comes_while_it_is_copied_is_left_to_the_next_backup(
    store: LocalStore, data_dir: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its manifest alone would be a job whose recording is missing."""
    during(monkeypatch, "media", lambda: store.put("manifests/2026-11-25/b.json", b"{}"))
    assert "manifests/2026-11-25/b.json" not in files(take_backup(data_dir, target).folder)


def test_what_a_newer_release_keeps_there_is_copied_too(store: LocalStore, data_dir: Path, target: Path) -> None:
    store.put("speakers/s", b"who")
    assert "speakers/s" in files(take_backup(data_dir, target).folder)


def test_old_backups_go_when_as_many_as_wanted_are_there(store: LocalStore, data_dir: Path, target: Path) -> None:
    (target / "2020-holiday").mkdir(parents=True)
    names = [take_backup(data_dir, target, keep=2).folder for _ in range(3)]
    assert backups_in(target) == names[1:]
    assert (target / "2020-holiday").is_dir()


def test_a_backup_that_is_broken_off_leaves_nothing_and_the_next_begins_anew(
    store: LocalStore, data_dir: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill_up() -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        during(patch, "transcripts", fill_up)
        with pytest.raises(TransientError, match="No space left") as caught:
            take_backup(data_dir, target)
    assert caught.value.code is ErrorCode.DISK_FULL
    assert backups_in(target) == []
    # One that was killed instead.
    (target / ".unfinished" / "store").mkdir(parents=True)
    (target / ".unfinished" / "store" / "stale").write_bytes(b"")
    assert "stale" not in files(take_backup(data_dir, target).folder)


def test_two_at_once_are_one(store: LocalStore, data_dir: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def another() -> None:
        with pytest.raises(TransientError, match="another backup"):
            take_backup(data_dir, target)

    during(monkeypatch, "media", another)
    take_backup(data_dir, target)
    assert len(backups_in(target)) == 1


def test_a_store_that_is_not_mounted_is_not_taken_for_an_empty_one(
    store: LocalStore, data_dir: Path, target: Path
) -> None:
    shutil.rmtree(data_dir / "store")
    with pytest.raises(FatalError, match="not mounted"):
        take_backup(data_dir, target)
    assert not target.exists()


def test_a_backup_in_the_data_directory_is_refused(store: LocalStore, data_dir: Path) -> None:
    with pytest.raises(FatalError, match="inside DATA_DIR"):
        take_backup(data_dir, data_dir / "backups")


@pytest.mark.parametrize("note", [None, "{}", '{"v": 99}'])
def test_what_is_no_complete_backup_is_refused(tmp_path: Path, note: str | None) -> None:
    if note is not None:
        (tmp_path / "backup.json").write_text(note)
    with pytest.raises(FatalError, match="no complete backup"):
        read_note(tmp_path)


def test_a_backup_of_a_newer_release_is_refused(store: LocalStore, data_dir: Path, target: Path) -> None:
    taken = take_backup(data_dir, target)
    newer = taken.note.model_copy(update={"v": 2, "release": "9.0"})
    (taken.folder / "backup.json").write_text(newer.model_dump_json())
    with pytest.raises(FatalError, match=r"newer release \(9.0\)"):
        read_note(taken.folder)
