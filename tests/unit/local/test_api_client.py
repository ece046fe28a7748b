"""When the local runner takes the platform for ready."""

from typing import Any

import pytest

from stenopool.local.api_client import missing_in
from stenopool.local.commands import Choice

CHOICE = Choice("faster-whisper", "demo")
READY: dict[str, Any] = {
    "checks": {
        "redis": {"status": "healthy"},
        "store": {"status": "healthy"},
        "disk": {"status": "degraded"},
        "beat": {"status": "healthy"},
    },
    "workers": {"prepare": 1, "recognise": 1},
    "engine": "faster-whisper",
    "model": "demo",
}


def test_with_redis_store_workers_and_housekeeper_nothing_is_missing() -> None:
    assert missing_in(READY, CHOICE) == ""


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"checks": READY["checks"] | {"redis": {"status": "unhealthy"}}}, "redis"),
        ({"checks": READY["checks"] | {"store": {"status": "unhealthy"}}}, "store"),
        ({"checks": READY["checks"] | {"beat": {"status": "degraded"}}}, "the housekeeper"),
        ({"workers": {"prepare": 0, "recognise": 1}}, "the prepare worker"),
        ({"workers": {"prepare": 1, "recognise": 0}}, "the recognise worker"),
        ({"engine": "pocketsphinx"}, "an API for faster-whisper"),
        ({"checks": {}, "workers": {}}, "redis, store, the prepare worker, the recognise worker, the housekeeper"),
    ],
)
def test_what_is_missing_is_named(change: dict[str, Any], missing: str) -> None:
    assert missing_in(READY | change, CHOICE) == missing
