"""The virus scanner as the API sees it: in health, and before an upload where the operator wants none without it."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from stenopool.ledger.ledger import Ledger
from stenopool.local.redis_server import RedisServer
from stenopool.media.local_store import LocalStore
from stenopool.redis_pools import redis_client
from tests.fake_clamd import FakeClamd
from tests.integration.api.conftest import POOL, wav
from tests.integration.api.place import code_of, submit
from tests.integration.api.scripted_worker import ScriptedWorker
from tests.integration.api.server import ApiServer
from tests.waiting import wait_until


@pytest.fixture
def clamd() -> Iterator[FakeClamd]:
    with FakeClamd() as server:
        yield server


def scanner_of(http: httpx.Client) -> str:
    checks = http.get("/health").json()["checks"]
    return f"{checks['scanner']['status']}: {checks['scanner']['detail']}"


@pytest.mark.parametrize("required", [True, False])
def test_an_upload_without_the_scanner_is_refused_or_waits_as_the_operator_wants(
    own_redis: RedisServer, data_dir: Path, clamd: FakeClamd, required: bool
) -> None:
    settings = {"SCANNER": clamd.address, "SCANNER_REQUIRED": str(required).lower()}
    with (
        ApiServer(own_redis.url, data_dir, settings) as server,
        redis_client(own_redis.url) as redis,
        httpx.Client(base_url=server.address, trust_env=False, timeout=10) as http,
    ):
        ScriptedWorker(Ledger(redis, lambda _bells: None), LocalStore(data_dir / "store"), POOL).register()
        assert scanner_of(http).startswith("healthy")
        assert submit(http, wav()).status_code == 202
        clamd.stop()
        wait_until(lambda: scanner_of(http).startswith("degraded"), 15, "health to tell")
        answer = submit(http, wav())
        if required:
            assert code_of(answer) == (503, "scanner_unavailable")
            assert int(answer.headers["retry-after"]) > 0
            assert server.spool == []
            assert "uploads are refused" in scanner_of(http)
        else:
            assert answer.status_code == 202
            assert "recordings wait" in scanner_of(http)
        # Health is for looking at; what is not scanned yet does not make the platform unusable.
        assert http.get("/health").status_code == 200
        clamd.start()
        wait_until(lambda: submit(http, wav()).status_code == 202, 15, "uploads to be taken again")


def test_without_a_scanner_health_does_not_speak_of_one(http: httpx.Client) -> None:
    assert "scanner" not in http.get("/health").json()["checks"]
