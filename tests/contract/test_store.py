"""What every store promises, whatever it is made of: a further implementation joins ``STORES``."""

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from stenopool.media.epoch import found_epoch, read_epoch, write_epoch
from stenopool.media.local_store import LocalStore
from stenopool.media.store import (
    Store,
    manifest_key,
    media_key,
    pcm_key,
    plan_key,
    span_key,
    transcript_key,
    work_key,
)

STORES: dict[str, Callable[[Path], Store]] = {"local": lambda folder: LocalStore(folder / "store")}


@pytest.fixture(params=sorted(STORES))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return STORES[request.param](tmp_path)


def test_what_was_put_can_be_read(store: Store) -> None:
    assert store.put("transcripts/a.json", b"body")
    assert store.get("transcripts/a.json") == b"body"


def test_the_store_knows_when_an_object_was_written(store: Store) -> None:
    before = datetime.now(UTC)
    store.put("transcripts/a.json", b"body")
    # A minute either way: the store's clock need not be this machine's.
    assert abs(store.written_at("transcripts/a.json") - before) < timedelta(minutes=1)
    with pytest.raises(KeyError):
        store.written_at("transcripts/b.json")


def test_an_object_is_written_once_and_the_second_writer_learns_it(store: Store) -> None:
    store.put("transcripts/a.json", b"first")
    assert not store.put("transcripts/a.json", b"second")
    assert store.get("transcripts/a.json") == b"first"


def test_of_many_writers_at_once_one_wins_and_its_body_stays(store: Store) -> None:
    won: list[bytes] = []
    start = threading.Barrier(8)

    def write(body: bytes) -> None:
        start.wait()
        if store.put("work/t/plan.json", body):
            won.append(body)

    writers = [threading.Thread(target=write, args=(bytes([n]) * 100_000,)) for n in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert won == [store.get("work/t/plan.json")]


def test_an_empty_body_is_an_object(store: Store) -> None:
    store.put("work/t/empty", b"")
    assert store.exists("work/t/empty")
    assert store.get("work/t/empty") == b""


def test_an_adopted_file_is_moved(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "spooled"
    file.write_bytes(b"media")
    assert store.adopt_file("media/a", file)
    assert store.get("media/a") == b"media"
    assert not file.exists()


def test_a_file_for_a_taken_key_is_dropped_and_the_object_stays(store: Store, tmp_path: Path) -> None:
    store.put("media/a", b"first")
    file = tmp_path / "spooled"
    file.write_bytes(b"second")
    assert not store.adopt_file("media/a", file)
    assert store.get("media/a") == b"first"
    assert not file.exists()


def test_adopting_a_missing_file_is_a_missing_object(store: Store, tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        store.adopt_file("media/a", tmp_path / "nothing")


def test_a_manifest_is_replaced_as_a_whole(store: Store) -> None:
    store.replace("manifests/2025-01-02/a.json", b"a longer first body")
    store.replace("manifests/2025-01-02/a.json", b"second")
    assert store.get("manifests/2025-01-02/a.json") == b"second"


def test_a_missing_object_is_a_key_error_everywhere(store: Store) -> None:
    for read in (store.get, store.open, store.path, store.size_bytes):
        with pytest.raises(KeyError):
            read("media/missing")
    assert not store.exists("media/missing")


def test_a_prefix_is_no_object(store: Store) -> None:
    store.put("work/t/plan/span-0.json", b"body")
    assert not store.exists("work/t/plan")
    with pytest.raises(KeyError):
        store.get("work/t/plan")
    assert not store.delete("work/t/plan/span-0.json/further")


def test_a_deleted_object_is_gone_and_a_second_delete_says_so(store: Store) -> None:
    store.put("media/a", b"body")
    assert store.delete("media/a")
    assert not store.exists("media/a")
    assert not store.delete("media/a")


def test_an_opened_object_can_be_read_from_any_place(store: Store) -> None:
    store.put("work/t/a.pcm", b"0123456789")
    with store.open("work/t/a.pcm") as file:
        file.seek(4)
        assert file.read(3) == b"456"


def test_the_path_of_an_object_holds_its_bytes(store: Store) -> None:
    store.put("media/a", b"body")
    assert store.path("media/a").read_bytes() == b"body"
    assert store.size_bytes("media/a") == 4


def test_keys_lists_what_is_below_a_prefix_and_nothing_else(store: Store) -> None:
    for key in ("manifests/2025-01-02/a.json", "manifests/2025-01-03/b.json", "manifest", "media/a"):
        store.put(key, b"")
    assert sorted(store.keys("manifests/")) == ["manifests/2025-01-02/a.json", "manifests/2025-01-03/b.json"]
    assert list(store.keys("transcripts/")) == []


def test_a_prefix_must_end_with_a_slash(store: Store) -> None:
    with pytest.raises(ValueError, match="slash"):
        list(store.keys("media"))


@pytest.mark.parametrize(
    "key", ["", "/etc/passwd", "../outside", "media/../../outside", "media//a", "media/.", "media/a/", ".unfinished/a"]
)
def test_what_is_no_key_is_refused(store: Store, key: str) -> None:
    with pytest.raises(ValueError, match="key"):
        store.put(key, b"")
    with pytest.raises(ValueError, match="key"):
        store.get(key)


def test_every_key_that_is_made_of_ids_is_taken(store: Store) -> None:
    some_id = "0123456789abcdef" * 2
    work = work_key(some_id)
    made = (
        media_key(some_id),
        manifest_key(date(2025, 1, 2), some_id),
        pcm_key(work, some_id),
        plan_key(work, some_id),
        span_key(work, some_id, "span-0"),
        transcript_key(some_id),
    )
    assert all(store.put(key, b"") for key in made)


def test_a_new_store_has_no_epoch(store: Store) -> None:
    assert read_epoch(store) is None


def test_of_two_who_found_an_epoch_both_hear_the_first(store: Store) -> None:
    assert found_epoch(store, "a" * 32) == "a" * 32
    assert found_epoch(store, "b" * 32) == "a" * 32
    assert read_epoch(store) == "a" * 32


def test_a_rebuild_writes_another_epoch_over_the_old(store: Store) -> None:
    found_epoch(store, "a" * 32)
    write_epoch(store, "b" * 32)
    assert read_epoch(store) == "b" * 32


def test_a_copy_is_an_object_of_its_own(store: Store) -> None:
    store.put("work/a/plan.json", b"body")
    assert store.copy("work/a/plan.json", "work/b/plan.json")
    store.delete("work/a/plan.json")
    assert store.get("work/b/plan.json") == b"body"


def test_a_copy_replaces_nothing(store: Store) -> None:
    store.put("work/a/plan.json", b"body")
    store.put("work/b/plan.json", b"first")
    assert not store.copy("work/a/plan.json", "work/b/plan.json")
    assert store.get("work/b/plan.json") == b"first"


def test_what_is_not_there_cannot_be_copied(store: Store) -> None:
    with pytest.raises(KeyError):
        store.copy("work/a/plan.json", "work/b/plan.json")
    assert not store.exists("work/b/plan.json")
