"""A disk that is really full under the API: each upload is refused as that, nothing stays, and it recovers alone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx
import pytest

from stenopool.ledger.ledger import Ledger
from stenopool.local.redis_server import RedisServer
from stenopool.media.local_store import LocalStore
from stenopool.redis_pools import redis_client
from tests.integration.api.conftest import POOL, wav
from tests.integration.api.place import code_of, job_of
from tests.integration.api.scripted_worker import ScriptedWorker
from tests.integration.api.server import ApiServer
from tests.small_disk import small_disk

UPLOAD_PAGES: Final = 5
_EDGE: Final = "--------steno"


@pytest.mark.needs("small-disk")
def test_uploads_to_a_full_disk_are_refused_without_a_trace(own_redis: RedisServer, tmp_path: Path) -> None:
    with small_disk(tmp_path / "small", size_mb=8) as disk:
        store = LocalStore(disk.path / "store")
        settings = {"DATA_DIR": str(disk.path), "MIN_FREE_DISK_MB": "0"}
        with (
            ApiServer(own_redis.url, tmp_path, settings) as server,
            redis_client(own_redis.url) as client,
            httpx.Client(base_url=server.address, trust_env=False, timeout=10) as http,
        ):
            ScriptedWorker(Ledger(client, lambda _bells: None), store, POOL).register()
            # Without the last page the recording would find room and its manifest none.
            for pages in range(UPLOAD_PAGES + 1):
                disk.leave(pages)
                answer = send(http)
                assert code_of(answer) == (507, "disk_full"), pages
                assert "Retry-After" in answer.headers
                assert traces(disk.path) == []
            disk.leave(UPLOAD_PAGES + 1)
            job_of(send(http))
            disk.empty()
            job_of(send(http))
            assert len(list(store.keys("manifests/"))) == len(list(store.keys("media/"))) == 2


def send(http: httpx.Client) -> httpx.Response:
    """An upload that does not say how long it is: nothing is known before the disk is full."""
    head = f'--{_EDGE}\r\nContent-Disposition: form-data; name="file"; filename="talk.wav"\r\n\r\n'

    def body() -> Iterator[bytes]:
        yield head.encode()
        yield wav(UPLOAD_PAGES * 4096)
        yield f"\r\n--{_EDGE}--\r\n".encode()

    return http.post("/transcribe", content=body(), headers={"Content-Type": f"multipart/form-data; boundary={_EDGE}"})


def traces(data_dir: Path) -> list[Path]:
    """What uploads have left in the store and on the way to it."""
    folders = ("spool", "store/media", "store/manifests", "store/.unfinished")
    return [path for name in folders for path in (data_dir / name).rglob("*") if path.is_file()]
