"""A private Redis: safe settings, a secret password, data that survives a crash."""

from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from stenopool.local.errors import StartError
from stenopool.local.redis_server import RedisServer


def test_it_answers_only_with_its_password(redis_of_each_version: RedisServer) -> None:
    with (
        redis.Redis(host="127.0.0.1", port=redis_of_each_version.port, retry=Retry(NoBackoff(), 0)) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.ping()
    with redis_of_each_version.client() as client:
        assert client.ping()


def test_the_password_is_not_on_its_command_line(redis_of_each_version: RedisServer) -> None:
    command_line = Path(f"/proc/{redis_of_each_version.child.pid}/cmdline").read_text()
    assert "redis" in command_line
    assert redis_of_each_version.password not in command_line


def test_it_never_evicts_and_keeps_an_append_only_file(each_redis_url: str) -> None:
    with redis.Redis.from_url(each_redis_url, decode_responses=True) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.info("persistence")["aof_enabled"] == 1


def test_it_listens_on_loopback_only(each_redis_url: str) -> None:
    with redis.Redis.from_url(each_redis_url, decode_responses=True) as client:
        assert client.config_get("bind") == {"bind": "127.0.0.1"}


def test_what_was_written_survives_a_kill(own_redis: RedisServer) -> None:
    with own_redis.client() as client:
        client.set("kept", "yes")
    own_redis.kill()
    own_redis.start()
    with own_redis.client() as client:
        assert client.get("kept") == b"yes"


def test_a_data_directory_may_have_any_name(redis_binary: Path, tmp_path: Path) -> None:
    with RedisServer(redis_binary, tmp_path / 'my "own" \\ data') as server, server.client() as client:
        assert client.ping()


def test_a_wrong_directive_is_told_with_the_end_of_the_log(redis_binary: Path, tmp_path: Path) -> None:
    server = RedisServer(redis_binary, tmp_path, options={"no-such-directive": "1"})
    with pytest.raises(StartError, match="no-such-directive"):
        server.start()


def test_redis_6_refuses_data_of_redis_7_instead_of_starting_empty(tmp_path: Path) -> None:
    old = tmp_path / "redis-server"
    old.write_text("#!/bin/sh\necho 'Redis server v=6.2.14 sha=0'\n")
    old.chmod(0o755)
    (tmp_path / "data" / "appendonlydir").mkdir(parents=True)
    with pytest.raises(StartError, match="Redis 7"):
        RedisServer(old, tmp_path / "data").start()
