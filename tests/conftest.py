"""The test ground: real Redis servers on free ports, a data directory, no way out to the network."""

import functools
import ipaddress
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from stenopool.local.ports import free_port as unused_port
from stenopool.local.redis_server import RedisServer, fetch_embedded_redis, find_redis_server
from stenopool.settings import SECRETS, Settings
from tests import waiting
from tests.requirements_table import CACHE_DIR, RequirementsTable, need
from tests.side_by_side import SideBySide, processes

ROOT = Path(__file__).parent.parent

pytest_plugins = ["pytester"]


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(RequirementsTable(), "requirements-table")
    config.pluginmanager.register(SideBySide(), "side-by-side")
    _isolate_environment()
    _read_certificates_once()
    sys.addaudithook(_refuse_outside)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Asked before any plugin of ours can be registered: it has to stand in a conftest."""
    return processes()


def _isolate_environment() -> None:
    """An operator's own settings must not decide a test; models are never looked for on a hub."""
    for name in [*(field.upper() for field in Settings.model_fields), *(f"{name}_FILE" for name in SECRETS)]:
        os.environ.pop(name, None)
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"


def _read_certificates_once() -> None:
    """Each ``httpx.get`` makes a client, which reads the authorities' certificates: 30 ms of a core, at every look of a wait."""
    transport: Any = httpx._transports.default
    transport.create_ssl_context = functools.cache(transport.create_ssl_context)


class OutsideConnectionError(Exception):
    """A test tried to leave the machine. Not an OSError: the code under test would take it for a usual fault."""


def _refuse_outside(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "socket.connect" or not isinstance(arguments[1], tuple):
        return
    host = str(arguments[1][0])
    try:
        is_inside = ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        is_inside = host in {"localhost", ""}
    if not is_inside:
        raise OutsideConnectionError(f"tests connect to loopback only, not to {host}")


@pytest.fixture
def wait_until() -> Callable[..., Any]:
    """``wait_until(condition, timeout_s, what)``, see tests/waiting.py."""
    return waiting.wait_until


@pytest.fixture
def free_port() -> Callable[[], int]:
    """``free_port()`` gives a loopback port nobody listens on."""
    return unused_port


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """An empty data directory."""
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def built_page() -> Path:
    """web/dist, built as the sources have it; several processes that want it build it once."""
    need("node")
    done = subprocess.run([ROOT / "scripts" / "web.sh"], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return ROOT / "web" / "dist"


@pytest.fixture(scope="session")
def redis_binary() -> Path:
    """A redis-server program: the machine's own, else the one out of the wheel."""
    need("redis")
    return find_redis_server(CACHE_DIR)


@pytest.fixture(scope="module")
def redis_server(redis_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A running Redis shared by the module's tests. Whoever changes its configuration, stops or fills it, uses ``own_redis``."""
    with RedisServer(redis_binary, tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """Address of the module's Redis, emptied for this test."""
    _empty(redis_server)
    return redis_server.url


@pytest.fixture
def own_redis(redis_binary: Path, tmp_path: Path) -> Iterator[RedisServer]:
    """A running Redis of this test alone."""
    with RedisServer(redis_binary, tmp_path / "redis") as server:
        yield server


@pytest.fixture(scope="module", params=["redis-6.2", "redis-server"])
def redis_binaries(request: pytest.FixtureRequest) -> Path:
    """Each of the two Redis programs in turn: 6.2.14, the least that is served, and the machine's own."""
    need(request.param)
    return fetch_embedded_redis(CACHE_DIR) if request.param == "redis-6.2" else find_redis_server(CACHE_DIR)


@pytest.fixture(scope="module")
def redis_of_each_version(redis_binaries: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A running Redis of each version in turn, shared by the module's tests."""
    with RedisServer(redis_binaries, tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def each_redis_url(redis_of_each_version: RedisServer) -> str:
    """Address of a Redis of each version in turn, emptied for this test."""
    _empty(redis_of_each_version)
    return redis_of_each_version.url


def _empty(server: RedisServer) -> None:
    with server.client() as client:
        client.flushall()
