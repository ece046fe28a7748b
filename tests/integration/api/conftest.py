"""An API process on a real Redis, a client, and a worker that does as it is told."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from stenopool.ids import new_id
from stenopool.ledger.ledger import Ledger
from stenopool.local.redis_server import RedisServer
from stenopool.media.local_store import LocalStore
from stenopool.queueing.names import recognise_pool
from stenopool.redis_pools import redis_client
from tests.integration.api.place import Place, a_place
from tests.integration.api.scripted_worker import ScriptedWorker
from tests.integration.api.server import ApiServer

POOL = recognise_pool("faster-whisper", "demo")


@pytest.fixture(scope="module")
def api(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """One API process for the module's tests; Redis is not emptied under it: recordings differ instead."""
    data_dir = tmp_path_factory.mktemp("data")
    with ApiServer(redis_server.url, data_dir, {"MAX_FILE_SIZE_MB": "2"}) as server:
        yield server


@pytest.fixture
def servers(own_redis: RedisServer, data_dir: Path) -> Callable[..., ApiServer]:
    """``servers(settings, arguments)`` is an API server of this test's own."""

    def make(settings: dict[str, str] | None = None, arguments: tuple[str, ...] = ()) -> ApiServer:
        return ApiServer(own_redis.url, data_dir, settings, arguments)

    return make


@pytest.fixture
def ledger(redis_server: RedisServer) -> Iterator[Ledger]:
    with redis_client(redis_server.url) as client:
        yield Ledger(client, lambda _bells: None)


@pytest.fixture
def store(api: ApiServer) -> LocalStore:
    return LocalStore(api.data_dir / "store")


@pytest.fixture
def worker(ledger: Ledger, store: LocalStore) -> Iterator[ScriptedWorker]:
    """A live worker for both pools; nothing waits when the test begins."""
    worker = ScriptedWorker(ledger, store, POOL)
    worker.register()
    worker.clear()
    yield worker
    worker.leave()


@pytest.fixture
def http(api: ApiServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=api.address, trust_env=False, timeout=10) as client:
        yield client


@pytest.fixture(scope="module")
def place(redis_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """An API with keys, shared by the module's tests: each makes keys of its own."""
    with a_place(redis_binary, tmp_path_factory.mktemp("place"), POOL) as place:
        yield place


@pytest.fixture
def recording() -> bytes:
    return wav()


def wav(size_bytes: int = 2000) -> bytes:
    """The beginning of a WAV file and bytes nobody sent before: a recording as far as the API looks."""
    head = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x80>\x00\x00\x00}\x00\x00\x02\x00\x10\x00data"
    return (head + new_id().encode()).ljust(size_bytes, b"\x00")
