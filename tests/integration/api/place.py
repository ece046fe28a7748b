"""An API with keys, and who calls it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from stenopool.clock import utc_now
from stenopool.keys.book import KeyBook, KeyWish, NewKey
from stenopool.keys.model import USUAL_SCOPES
from stenopool.ledger.ledger import Ledger
from stenopool.local.redis_server import RedisServer
from stenopool.media.local_store import LocalStore
from stenopool.redis_pools import redis_client
from tests.integration.api.scripted_worker import ScriptedWorker
from tests.integration.api.server import ApiServer

BOOT: Final = "the bootstrap key of this test"
JWT_SECRET: Final = "0123456789abcdef0123456789abcdef"
NOTHING: Final = f"/status/{'0' * 32}"
_SETTINGS: Final = {
    "API_KEY": BOOT,
    "JWT_KEY": JWT_SECRET,
    "JWT_ALGORITHM": "HS256",
    "JWT_AUDIENCE": "steno",
    "JWT_ISSUER": "idp",
    "CORS_ORIGINS": "https://app.example",
    "LOG_FORMAT": "json",
}


class Place:
    """An API where keys exist."""

    def __init__(self, server: ApiServer, redis: RedisServer) -> None:
        self.server = server
        self.redis = redis
        self.book = KeyBook(LocalStore(server.data_dir / "store"))

    def key(self, tenant: str, **wish: Any) -> NewKey:
        return self.book.create(KeyWish(tenant, wish.pop("scopes", USUAL_SCOPES), **wish), utc_now())

    def client(self, key: str = "", **headers: str) -> httpx.Client:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if key:
            given["Authorization"] = f"Bearer {key}"
        return httpx.Client(base_url=self.server.address, trust_env=False, timeout=10, headers=given)

    def log(self, event: str) -> list[dict[str, Any]]:
        text = (self.server.data_dir / "api.log").read_text()
        lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
        return [line for line in lines if line.get("event") == event]


@contextmanager
def a_place(binary: Path, folder: Path, pool: str) -> Iterator[Place]:
    """A running one, with a worker."""
    (folder / "data").mkdir()
    with (
        RedisServer(binary, folder / "redis") as redis,
        ApiServer(redis.url, folder / "data", _SETTINGS) as server,
        redis_client(redis.url) as client,
    ):
        ledger = Ledger(client, lambda _bells: None)
        ScriptedWorker(ledger, LocalStore(folder / "data" / "store"), pool).register(600_000)
        yield Place(server, redis)


def submit(client: httpx.Client, recording: bytes) -> httpx.Response:
    return client.post("/transcribe", files={"file": ("talk.wav", recording)})


def job_of(answer: httpx.Response) -> str:
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job_id"])


def code_of(answer: httpx.Response) -> tuple[int, str]:
    # OpenAI's clients expect plain JSON at their door.
    kind = "json" if answer.request.url.path.startswith("/v1/") else "problem+json"
    assert answer.headers["content-type"] == f"application/{kind}", answer.text
    return answer.status_code, str(answer.json()["code"])
