"""Start-up checks against a real Redis that is broken for real, and real folders."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import redis

from stenopool.checks import (
    Check,
    Level,
    check_data_dir,
    check_epoch,
    check_redis,
    require,
    startup_checks,
)
from stenopool.errors import ErrorCode, FatalError, TransientError
from stenopool.ledger import keys
from stenopool.ledger.ledger import Ledger
from stenopool.local.ports import free_port
from stenopool.local.redis_server import RedisServer
from stenopool.media.epoch import read_epoch
from stenopool.media.local_store import LocalStore
from stenopool.redis_pools import redis_client
from stenopool.settings import Settings


def ring(bells: Mapping[str, int]) -> None:
    raise AssertionError(f"a check rang {bells}")


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with redis_client(redis_url) as connected:
        yield connected


@pytest.fixture
def own_client(own_redis: RedisServer) -> Iterator[redis.Redis]:
    """A client of a Redis that this test may break."""
    with redis_client(own_redis.url) as connected:
        yield connected


@pytest.fixture
def ledger(client: redis.Redis) -> Ledger:
    return Ledger(client, ring)


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "store")


def ending_of(checks: tuple[Check, ...], name: str) -> Check:
    found = [check for check in checks if check.name == name]
    assert len(found) == 1
    return found[0]


def only_failure(checks: tuple[Check, ...]) -> Check:
    failed = [check for check in checks if check.level is Level.FAIL]
    assert len(failed) == 1, failed
    return failed[0]


def test_a_fit_redis_passes_every_check(client: redis.Redis) -> None:
    checks = check_redis(client)
    assert {check.level for check in checks} == {Level.OK}
    require(checks)


def test_the_least_and_the_newest_redis_pass_alike(each_redis_url: str) -> None:
    with redis_client(each_redis_url) as client:
        assert {check.level for check in check_redis(client)} == {Level.OK}


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl"])
def test_a_redis_that_may_throw_jobs_away_is_refused(own_client: redis.Redis, policy: str) -> None:
    own_client.config_set("maxmemory-policy", policy)
    failure = only_failure(check_redis(own_client))
    assert failure.name == "redis_policy"
    assert policy in failure.line
    with pytest.raises(FatalError, match="noeviction"):
        require((failure,))


def test_a_redis_without_append_only_file_is_warned_of_and_taken(own_client: redis.Redis) -> None:
    own_client.config_set("appendonly", "no")
    checks = check_redis(own_client)
    assert ending_of(checks, "redis_persistence").level is Level.WARN
    require(checks)


def test_a_replica_is_refused(own_client: redis.Redis) -> None:
    own_client.replicaof("127.0.0.1", str(free_port()))
    assert only_failure(check_redis(own_client)).name == "redis_role"


def test_a_cluster_is_refused(redis_binary: Path, tmp_path: Path) -> None:
    server = RedisServer(redis_binary, tmp_path / "redis", options={"cluster-enabled": "yes"})
    # The cluster's own port is 10,000 higher, and must be a port too.
    server.port = next(port for port in iter(free_port, None) if port <= 55_535)
    with server, redis_client(server.url) as client:
        assert only_failure(check_redis(client)).name == "redis_cluster"


def test_a_redis_that_is_away_is_worth_another_try() -> None:
    with redis_client(f"redis://127.0.0.1:{free_port()}/0") as client:
        checks = check_redis(client)
    assert checks[0].code is ErrorCode.LEDGER_UNAVAILABLE
    with pytest.raises(TransientError, match="REDIS_HOST"):
        require(checks)


def test_a_wrong_password_is_a_wrong_setting_and_is_not_told(redis_server: RedisServer) -> None:
    with redis_client(f"redis://:not-it@127.0.0.1:{redis_server.port}/0") as client:
        checks = check_redis(client)
    with pytest.raises(FatalError, match="REDIS_PASSWORD") as caught:
        require(checks)
    assert "not-it" not in str(caught.value)


def test_a_redis_that_is_too_old_is_refused() -> None:
    class OldRedis(redis.Redis):
        """No such old server can be had here; what it would say of itself is known."""

        def info(self, section: str | None = None, *args: object, **kwargs: object) -> dict[str, object]:
            return {"redis_version": "5.0.14", "maxmemory_policy": "noeviction", "role": "master", "aof_enabled": 1}

    failure = only_failure(check_redis(OldRedis()))
    assert failure.name == "redis_version"
    assert "5.0.14" in failure.line


def test_a_data_directory_is_made_with_its_folders(tmp_path: Path) -> None:
    checks = check_data_dir(tmp_path / "new" / "data", 0)
    assert {check.level for check in checks} == {Level.OK}
    assert {folder.name for folder in (tmp_path / "new" / "data").iterdir()} == {"store", "spool", "run"}


def test_trying_the_data_directory_leaves_no_trace(data_dir: Path) -> None:
    check_data_dir(data_dir, 0)
    assert [path for path in data_dir.rglob("*") if path.is_file()] == []


def test_a_data_directory_that_is_a_file_is_refused_without_its_path(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file", encoding="utf-8")
    checks = check_data_dir(tmp_path / "data", 0)
    with pytest.raises(FatalError, match="DATA_DIR") as caught:
        require(checks)
    assert str(tmp_path) not in str(caught.value)


def test_a_data_directory_without_hard_links_is_refused(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", refuse)
    checks = check_data_dir(data_dir, 0)
    assert only_failure(checks).name == "data_dir"
    assert [path for path in data_dir.rglob("*") if path.is_file()] == []


def test_too_little_disk_is_warned_of(data_dir: Path) -> None:
    checks = check_data_dir(data_dir, 10**9)
    assert ending_of(checks, "disk").level is Level.WARN
    assert "MIN_FREE_DISK_MB=1000000000" in ending_of(checks, "disk").line


def test_a_new_store_and_a_new_ledger_get_one_epoch(client: redis.Redis, ledger: Ledger, store: LocalStore) -> None:
    assert check_epoch(store, ledger).level is Level.OK
    assert read_epoch(store) == client.get(keys.EPOCH)
    assert read_epoch(store)


def test_a_second_start_changes_no_epoch(ledger: Ledger, store: LocalStore) -> None:
    check_epoch(store, ledger)
    first = read_epoch(store)
    assert check_epoch(store, ledger).level is Level.OK
    assert read_epoch(store) == first


def test_a_first_start_that_broke_off_is_finished_by_the_next(
    client: redis.Redis, ledger: Ledger, store: LocalStore
) -> None:
    store.put("epoch", b"a" * 32)
    assert check_epoch(store, ledger).level is Level.OK
    assert client.get(keys.EPOCH) == "a" * 32


def test_a_ledger_without_its_epoch_beside_a_store_with_jobs_is_lost(
    client: redis.Redis, ledger: Ledger, store: LocalStore
) -> None:
    check_epoch(store, ledger)
    store.put("manifests/2025-01-02/a.json", b"{}")
    client.flushall()
    check = check_epoch(store, ledger)
    assert check.code is ErrorCode.LEDGER_LOST
    assert client.get(keys.EPOCH) is None
    with pytest.raises(TransientError):
        require((check,))


def test_a_ledger_of_another_store_is_refused(ledger: Ledger, tmp_path: Path) -> None:
    check_epoch(LocalStore(tmp_path / "one"), ledger)
    other = LocalStore(tmp_path / "other")
    other.put("epoch", b"b" * 32)
    check = check_epoch(other, ledger)
    assert check.level is Level.FAIL
    with pytest.raises(FatalError, match="belong together"):
        require((check,))


def test_an_empty_store_beside_a_ledger_that_knows_another_is_refused(ledger: Ledger, tmp_path: Path) -> None:
    check_epoch(LocalStore(tmp_path / "one"), ledger)
    other = LocalStore(tmp_path / "other")
    assert check_epoch(other, ledger).level is Level.FAIL
    assert read_epoch(other) is None


def test_a_ledger_that_does_not_answer_is_worth_another_try(store: LocalStore) -> None:
    with redis_client(f"redis://127.0.0.1:{free_port()}/0") as client:
        check = check_epoch(store, Ledger(client, ring))
    with pytest.raises(TransientError):
        require((check,))


class _OvertakenStore(LocalStore):
    """Another process makes its whole first start just after this one has looked for the epoch."""

    def __init__(self, root: Path, ledger: Ledger) -> None:
        super().__init__(root)
        self._other = (LocalStore(root), ledger)
        self._is_overtaken = False

    def get(self, key: str) -> bytes:
        try:
            return super().get(key)
        finally:
            if key == "epoch" and not self._is_overtaken:
                self._is_overtaken = True
                check_epoch(*self._other)


def test_a_first_start_that_overtakes_this_one_is_no_stranger(ledger: Ledger, tmp_path: Path) -> None:
    assert check_epoch(_OvertakenStore(tmp_path / "store", ledger), ledger).level is Level.OK


def test_a_rebuild_that_ends_between_two_looks_is_no_stranger(
    client: redis.Redis, ledger: Ledger, tmp_path: Path
) -> None:
    class RebuiltStore(LocalStore):
        """A rebuild writes its epoch to both just after this process has read the store's."""

        def get(self, key: str) -> bytes:
            body = super().get(key)
            if body != b"b" * 32:
                self.replace("epoch", b"b" * 32)
                client.set(keys.EPOCH, "b" * 32)
            return body

    store = RebuiltStore(tmp_path / "store")
    store.put("epoch", b"a" * 32)
    store.put("manifests/2025-01-02/a.json", b"{}")
    assert check_epoch(store, ledger).level is Level.OK


def test_a_start_checks_redis_the_data_directory_and_the_epoch(
    client: redis.Redis, ledger: Ledger, data_dir: Path
) -> None:
    settings = Settings(data_dir=data_dir)
    checks = startup_checks(settings, client, ledger, LocalStore(data_dir / "store"))
    require(checks)
    assert {"redis", "data_dir", "disk", "epoch"} <= {check.name for check in checks}


def test_no_epoch_is_given_to_an_unfit_redis(own_client: redis.Redis, data_dir: Path) -> None:
    own_client.config_set("maxmemory-policy", "allkeys-lru")
    store = LocalStore(data_dir / "store")
    checks = startup_checks(Settings(data_dir=data_dir), own_client, Ledger(own_client, ring), store)
    assert "epoch" not in {check.name for check in checks}
    assert read_epoch(store) is None


def test_a_wrong_setting_wins_over_what_may_pass() -> None:
    passing = Check("redis", Level.FAIL, "away", ErrorCode.LEDGER_UNAVAILABLE)
    wrong = Check("data_dir", Level.FAIL, "wrong", ErrorCode.SETTINGS_WRONG)
    with pytest.raises(FatalError, match="away; wrong"):
        require((passing, wrong))
