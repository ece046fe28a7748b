"""What the doctor says of a data directory that is broken for real; it makes nothing."""

import fcntl
import os
from collections.abc import Mapping
from pathlib import Path

import pytest
import redis

from stenopool.checks import check_data_dir, check_epoch
from stenopool.doctor.finding import Finding, Level
from stenopool.doctor.of_data import look_at_data, look_at_epochs
from stenopool.ledger.ledger import Ledger
from stenopool.media.local_store import LocalStore
from stenopool.redis_pools import redis_client


def levels(findings: list[Finding]) -> dict[str, Level]:
    return {finding.code: finding.level for finding in findings}


def ring(bells: Mapping[str, int]) -> None:
    raise AssertionError(f"a look rang {bells}")


def test_a_data_directory_in_use_is_well_and_holds_no_more_than_before(data_dir: Path) -> None:
    check_data_dir(data_dir, 0)
    before = sorted(data_dir.rglob("*"))
    assert levels(look_at_data(data_dir, 0)) == dict.fromkeys(("data_dir", "disk", "data_owner", "locks"), Level.OK)
    assert sorted(data_dir.rglob("*")) == before


def test_an_empty_folder_is_left_to_the_first_process(data_dir: Path) -> None:
    found = look_at_data(data_dir, 0)
    assert levels(found)["data_dir"] is Level.OK
    assert "will be made" in found[0].found
    assert list(data_dir.iterdir()) == []


def test_a_data_directory_that_is_not_there_fails(tmp_path: Path) -> None:
    assert levels(look_at_data(tmp_path / "none", 0)) == {"data_dir": Level.FAIL}
    assert list(tmp_path.iterdir()) == []


def test_a_data_directory_that_cannot_be_written_fails() -> None:
    """A folder of the kernel's: nobody may make a file there, root included."""
    found = levels(look_at_data(Path("/proc"), 0))
    assert (found["data_dir"], found["locks"]) == (Level.FAIL, Level.FAIL)


def test_a_disk_with_too_little_room_is_warned_of(data_dir: Path) -> None:
    check_data_dir(data_dir, 0)
    assert levels(look_at_data(data_dir, 10**9))["disk"] is Level.WARN


def test_somebody_elses_store_is_told_with_who_should_ask(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_data_dir(data_dir, 0)
    owner = (data_dir / "store").stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    (found,) = [finding for finding in look_at_data(data_dir, 0) if finding.code == "data_owner"]
    assert (found.level, f"#{owner}" in found.remedy) == (Level.WARN, True)


@pytest.mark.parametrize("takes_locks", [True, False])
def test_a_file_system_whose_locks_do_not_hold_fails(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, takes_locks: bool
) -> None:
    """No such file system can be had here: its answers are played, either "yes" to everybody or an error."""

    def lock(*_: object) -> None:
        if not takes_locks:
            raise OSError(38, "Function not implemented")

    check_data_dir(data_dir, 0)
    monkeypatch.setattr(fcntl, "flock", lock)
    assert levels(look_at_data(data_dir, 0))["locks"] is Level.FAIL


def test_store_and_ledger_that_belong_together_are_well(redis_url: str, tmp_path: Path) -> None:
    with redis_client(redis_url) as client:
        store, ledger = LocalStore(tmp_path / "store"), Ledger(client, ring)
        check_epoch(store, ledger)
        assert look_at_epochs(store, ledger).level is Level.OK


def test_store_and_ledger_of_two_installations_fail(redis_url: str, tmp_path: Path) -> None:
    with redis_client(redis_url) as client:
        ledger = Ledger(client, ring)
        check_epoch(LocalStore(tmp_path / "one"), ledger)
        other = LocalStore(tmp_path / "other")
        other.put("epoch", b"b" * 32)
        found = look_at_epochs(other, ledger)
    assert (found.level, "DATA_DIR" in found.remedy) == (Level.FAIL, True)


def test_two_that_are_new_are_left_so(redis_url: str, tmp_path: Path) -> None:
    with redis_client(redis_url) as client:
        assert look_at_epochs(LocalStore(tmp_path / "store"), Ledger(client, ring)).level is Level.OK
        assert _is_empty(client)
    assert not (tmp_path / "store").exists()


def _is_empty(client: redis.Redis) -> bool:
    return not client.keys("steno:*")
