"""Who may look in: programs of this machine, and whoever shows the token; for all others nothing is there."""

from collections.abc import Callable

import httpx
import pytest

from tests.integration.api.server import ApiServer

STRANGERS = (
    {"Host": "rebound.example"},
    {"X-Forwarded-For": "203.0.113.9"},
    {"X-Forwarded-For": "127.0.0.1"},
    {"Forwarded": "for=127.0.0.1"},
    {"Host": "rebound.example", "Authorization": "Bearer wrong-token-wrong"},
    {"Host": "rebound.example", "Authorization": "Bearer"},
)


@pytest.mark.parametrize("headers", STRANGERS)
@pytest.mark.parametrize("path", ["/metrics", "/stats"])
def test_threat_20_for_strangers_there_is_nothing(http: httpx.Client, path: str, headers: dict[str, str]) -> None:
    answer = http.get(path, headers=headers)
    nowhere = http.get("/nowhere", headers=headers)
    assert answer.status_code == 404
    assert {**answer.json(), "instance": "", "request_id": ""} == {**nowhere.json(), "instance": "", "request_id": ""}


def test_the_token_opens_them_to_strangers(servers: Callable[..., ApiServer]) -> None:
    token = "x" * 16
    with servers({"METRICS_TOKEN": token}) as server:
        shown = {"Host": "api.internal", "Authorization": f"Bearer {token}"}
        for path in ("/metrics", "/stats"):
            assert httpx.get(f"{server.address}{path}", headers=shown, trust_env=False).status_code == 200
            strange = [(b"Host", b"api.internal"), (b"Authorization", "Bearer ü".encode())]
            assert httpx.get(f"{server.address}{path}", headers=strange, trust_env=False).status_code == 404
