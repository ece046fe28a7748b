"""The store on a disk: what becomes of it when the disk fails."""

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stenopool.errors import ErrorCode, TransientError
from stenopool.media.epoch import read_epoch, write_epoch
from stenopool.media.local_store import LocalStore

Write = Callable[[LocalStore, Path], object]

WRITES: dict[str, Write] = {
    "put": lambda store, _: store.put("media/a", b"body"),
    "replace": lambda store, _: store.replace("media/a", b"body"),
    "adopt": lambda store, file: store.adopt_file("media/a", file),
}


@pytest.fixture
def spooled(tmp_path: Path) -> Path:
    file = tmp_path / "spooled"
    file.write_bytes(b"media")
    return file


def failing(number: int) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number), "/secret/path")

    return fail


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, ErrorCode.DISK_FULL),
        (errno.EDQUOT, ErrorCode.DISK_FULL),
        (errno.EIO, ErrorCode.STORE_UNAVAILABLE),
        (errno.EROFS, ErrorCode.STORE_UNAVAILABLE),
    ],
)
def test_a_disk_that_fails_is_told_by_code_and_without_paths(
    tmp_path: Path, spooled: Path, monkeypatch: pytest.MonkeyPatch, write: Write, number: int, code: ErrorCode
) -> None:
    monkeypatch.setattr(os, "fsync", failing(number))
    with pytest.raises(TransientError) as caught:
        write(LocalStore(tmp_path / "store"), spooled)
    assert caught.value.code is code
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("step", ["fsync", "link"])
def test_a_failed_put_leaves_no_file_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    store = LocalStore(tmp_path / "store")
    store.put("media/before", b"")
    monkeypatch.setattr(os, step, failing(errno.ENOSPC))
    with pytest.raises(TransientError):
        store.put("media/a", b"body")
    assert [file.name for file in files_below(tmp_path)] == ["before"]


def test_a_failed_replace_leaves_the_old_body(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = LocalStore(tmp_path / "store")
    store.replace("manifests/a", b"old")
    monkeypatch.setattr(Path, "rename", failing(errno.EIO))
    with pytest.raises(TransientError):
        store.replace("manifests/a", b"new")
    assert store.get("manifests/a") == b"old"
    assert [file.name for file in files_below(tmp_path)] == ["a"]


def test_a_file_that_could_not_be_adopted_stays_for_another_try(
    tmp_path: Path, spooled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = LocalStore(tmp_path / "store")
    monkeypatch.setattr(os, "link", failing(errno.EXDEV))
    with pytest.raises(TransientError):
        store.adopt_file("media/a", spooled)
    monkeypatch.undo()
    assert store.adopt_file("media/a", spooled)


def test_nothing_is_left_of_the_writing_once_an_object_stands(tmp_path: Path, spooled: Path) -> None:
    store = LocalStore(tmp_path / "store")
    store.put("work/t/a", b"")
    store.put("work/t/a", b"again")
    store.replace("manifests/b", b"")
    store.adopt_file("media/c", spooled)
    assert {file.name for file in files_below(tmp_path)} == {"a", "b", "c"}


def test_an_object_appears_only_after_its_bytes_are_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, link = os.fsync, os.link

    def noted_fsync(descriptor: int) -> None:
        steps.append("sync folder" if Path(f"/proc/self/fd/{descriptor}").is_dir() else "sync file")
        fsync(descriptor)

    def noted_link(source: Path, target: Path) -> None:
        steps.append("link")
        link(source, target)

    store = LocalStore(tmp_path / "store")
    store.put("media/before", b"")
    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "link", noted_link)
    store.put("media/a", b"body")
    assert steps == ["sync file", "link", "sync folder"]


def test_a_root_that_cannot_be_a_folder_is_an_unavailable_store(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file", encoding="utf-8")
    with pytest.raises(TransientError) as caught:
        LocalStore(tmp_path / "store").put("media/a", b"")
    assert caught.value.code is ErrorCode.STORE_UNAVAILABLE


def test_what_a_killed_writer_left_is_under_no_key(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "store")
    store.put("media/a", b"")
    (tmp_path / "store" / ".unfinished" / "left").write_bytes(b"half")
    assert list(store.keys("media/")) == ["media/a"]
    with pytest.raises(ValueError, match="key"):
        store.get(".unfinished/left")


def away_and_back(store: LocalStore, folder: Path) -> Iterator[None]:
    """Its volume is unmounted, which leaves the empty folder it was mounted on."""
    (folder / "store").rename(folder / "volume")
    (folder / "store").mkdir()
    yield
    (folder / "store").rmdir()
    (folder / "volume").rename(folder / "store")


@pytest.mark.parametrize(
    "act",
    [
        lambda store: store.get("media/a"),
        lambda store: store.exists("media/a"),
        lambda store: store.delete("media/a"),
        lambda store: store.put("media/b", b"body"),
        lambda store: store.replace("manifests/b", b"body"),
        lambda store: store.copy("media/a", "media/b"),
        lambda store: list(store.keys("media/")),
        read_epoch,
    ],
    ids=["get", "exists", "delete", "put", "replace", "copy", "keys", "epoch"],
)
def test_a_volume_that_is_not_mounted_is_no_empty_store(tmp_path: Path, act: Callable[[LocalStore], object]) -> None:
    store = LocalStore(tmp_path / "store")
    write_epoch(store, "epoch-1")
    store.put("media/a", b"body")
    assert not store.exists("media/b")
    away = away_and_back(store, tmp_path)
    next(away)
    with pytest.raises(TransientError) as refusal:
        act(store)
    assert refusal.value.code is ErrorCode.STORE_UNAVAILABLE
    assert list((tmp_path / "store").iterdir()) == []
    next(away, None)
    assert store.get("media/a") == b"body"
    assert store.put("media/b", b"body")


def test_a_new_store_is_empty_and_not_away(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "store")
    assert not store.exists("media/a")
    assert list(store.keys("media/")) == []
    assert store.put("media/a", b"body")
