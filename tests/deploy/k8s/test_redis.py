"""The Redis of the manifest, started as its container starts it, from its own configuration and by its own script."""

import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from stenopool.local.ports import free_port
from tests.deploy.breakages import ROOT
from tests.deploy.k8s.installation import Pod, installations
from tests.waiting import wait_until

pytestmark = pytest.mark.needs("redis-server")

PASSWORD = "0123456789abcdef" * 4
ADMIN_PASSWORD = "fedcba9876543210" * 4


@pytest.fixture(scope="module")
def pod() -> Pod:
    return installations(ROOT)[0].pod("redis")


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folders that are mounted in the container."""
    folder = tmp_path_factory.mktemp("container")
    for name in ("data", "run", "secrets", "etc"):
        (folder / name).mkdir()
    (folder / "secrets/REDIS_PASSWORD").write_text(PASSWORD)
    (folder / "secrets/REDIS_ADMIN_PASSWORD").write_text(ADMIN_PASSWORD)
    return folder


def placed(text: str, here: Path, port: int) -> str:
    """The words of the manifest, for folders and a port of this machine."""
    for inside, outside in (
        ("/run/secrets/stenopool", "secrets"),
        ("/etc/redis", "etc"),
        ("/run/redis", "run"),
        ("dir /data", "data"),
    ):
        text = text.replace(inside, f"dir {here / outside}" if inside.startswith("dir ") else str(here / outside))
    return text.replace("port 6379", f"port {port}").replace("redis-cli ", f"redis-cli -p {port} ")


@pytest.fixture(scope="module")
def port(pod: Pod, here: Path) -> Iterator[int]:
    number = free_port()
    configuration = installations(ROOT)[0].one("ConfigMap", "redis")["data"]["redis.conf"]
    (here / "etc/redis.conf").write_text(placed(configuration, here, number).replace("bind * -::*", "bind 127.0.0.1"))
    command = [placed(word, here, number) for word in pod.container["command"]]
    with (here / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as server:
        try:
            yield number
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(20)


@pytest.fixture
def probe(pod: Pod, here: Path, port: int) -> Callable[[], int]:
    command = [placed(word, here, port) for word in pod.container["readinessProbe"]["exec"]["command"]]
    return lambda: subprocess.run(command, capture_output=True, timeout=10, check=False).returncode


def test_it_becomes_ready_and_keeps_what_it_is_told(probe: Callable[[], int], port: int, here: Path) -> None:
    wait_until(lambda: probe() == 0, 20, "Redis answers its probe")
    with redis.Redis(port=port, username="admin", password=ADMIN_PASSWORD) as client:
        told = {**client.config_get("maxmemory*"), **client.config_get("appendonly"), **client.config_get("save")}
        client.set("kept", "1")
    assert (told["maxmemory-policy"], told["maxmemory"]) == ("noeviction", str(4 * 1024**3))
    assert (told["appendonly"], told["save"]) == ("yes", "")
    assert (here / "run/users.conf").stat().st_mode & 0o077 == 0


def test_threat_18_redis_lets_nobody_in_without_the_password(probe: Callable[[], int], port: int) -> None:
    wait_until(lambda: probe() == 0, 20, "Redis answers its probe")
    with redis.Redis(port=port, retry=Retry(NoBackoff(), 0)) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()


@pytest.mark.parametrize("command", ["FLUSHALL", "CONFIG SET maxmemory-policy allkeys-lru", "KEYS *", "SHUTDOWN"])
def test_threat_18_a_process_can_neither_change_nor_empty_redis(
    probe: Callable[[], int], port: int, command: str
) -> None:
    wait_until(lambda: probe() == 0, 20, "Redis answers its probe")
    with redis.Redis(port=port, password=PASSWORD) as client, pytest.raises(redis.exceptions.NoPermissionError):
        client.execute_command(*command.split())


def test_its_probe_fails_with_another_password(probe: Callable[[], int], here: Path) -> None:
    wait_until(lambda: probe() == 0, 20, "Redis answers its probe")
    secret = here / "secrets/REDIS_PASSWORD"
    try:
        secret.write_text("another")
        assert probe() != 0
    finally:
        secret.write_text(PASSWORD)


def test_the_password_is_on_no_command_line(port: int) -> None:
    told = subprocess.run(["ps", "-ef"], capture_output=True, text=True, timeout=10, check=True).stdout
    assert f"redis-server *:{port}" in told or f"redis-server 127.0.0.1:{port}" in told
    assert PASSWORD not in told
    assert ADMIN_PASSWORD not in told
