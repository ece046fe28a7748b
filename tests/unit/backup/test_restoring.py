"""A backup is restored beside an empty Redis and where no store is, whole or not at all."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from stenopool.backup.restoring import restore_backup
from stenopool.backup.taking import take_backup
from stenopool.errors import FatalError, TransientError
from stenopool.ledger import keys
from stenopool.ledger.ledger import Ledger
from stenopool.local.ports import free_port
from stenopool.media.local_store import LocalStore
from stenopool.redis_pools import redis_client


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with redis_client(redis_url) as connected:
        yield connected


@pytest.fixture
def ledger(client: redis.Redis) -> Ledger:
    return Ledger(client, lambda _bells: None)


@pytest.fixture
def backup(data_dir: Path, tmp_path: Path) -> Path:
    store = LocalStore(data_dir / "store")
    store.put("epoch", b"e" * 32)
    store.put("manifests/2026-11-25/a.json", b"{}")
    store.put("keys/links", b"secret")
    return take_backup(data_dir, tmp_path / "backups").folder


def test_a_store_comes_back_without_its_epoch_with_modes_and_times(
    backup: Path, ledger: Ledger, tmp_path: Path
) -> None:
    note = restore_backup(backup, tmp_path / "new", ledger)
    store = tmp_path / "new" / "store"
    assert note.objects == 2
    assert {path.name for path in store.rglob("*") if path.is_file()} == {"a.json", "links"}
    assert (store / "keys" / "links").stat().st_mode & 0o777 == 0o600
    before = (backup / "store" / "manifests/2026-11-25/a.json").stat().st_mtime_ns
    assert (store / "manifests/2026-11-25/a.json").stat().st_mtime_ns == before


def test_a_store_that_is_there_is_left_alone(backup: Path, ledger: Ledger, data_dir: Path) -> None:
    with pytest.raises(FatalError, match="holds a store already"):
        restore_backup(backup, data_dir, ledger)


def test_an_empty_store_is_none(backup: Path, ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / "new" / "store" / ".unfinished").mkdir(parents=True)
    restore_backup(backup, tmp_path / "new", ledger)
    assert (tmp_path / "new" / "store" / "keys").is_dir()


def test_a_redis_that_knows_jobs_is_refused(backup: Path, ledger: Ledger, client: redis.Redis, tmp_path: Path) -> None:
    client.set(keys.EPOCH, "f" * 32)
    with pytest.raises(FatalError, match="Redis holds a ledger"):
        restore_backup(backup, tmp_path / "new", ledger)
    assert not (tmp_path / "new").exists()


def test_without_redis_nothing_is_restored(backup: Path, tmp_path: Path) -> None:
    with redis_client(f"redis://127.0.0.1:{free_port()}/0") as away, pytest.raises(TransientError):
        restore_backup(backup, tmp_path / "new", Ledger(away, lambda _bells: None))
    assert not (tmp_path / "new").exists()


def test_a_restoration_that_was_broken_off_is_begun_anew(backup: Path, ledger: Ledger, tmp_path: Path) -> None:
    half = tmp_path / "new" / "store.restoring" / "manifests"
    half.mkdir(parents=True)
    (half / "half").write_bytes(b"")
    restore_backup(backup, tmp_path / "new", ledger)
    assert [entry.name for entry in (tmp_path / "new").iterdir()] == ["store"]
    assert not (tmp_path / "new" / "store" / "manifests" / "half").exists()
