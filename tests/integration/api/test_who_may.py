"""Who may, on a real API process: keys, tenants, this machine, and everybody else. Threats are numbered as in the list
of docs/explanation/security.md."""

import hashlib
import shutil
import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import jwt
import pytest
from fastapi.routing import APIRoute

from api.dependencies import current_caller
from api.main import create_app
from stenopool.clock import utc_now
from stenopool.keys.book import NewKey
from stenopool.keys.copies import copy_name
from stenopool.keys.model import Scope
from stenopool.keys.signing import SignedRequest, signature
from stenopool.local.redis_server import RedisServer
from stenopool.settings import load_settings
from tests.integration.api.conftest import wav
from tests.integration.api.place import BOOT, JWT_SECRET, NOTHING, Place, code_of, job_of, submit
from tests.integration.api.server import ApiServer
from tests.waiting import wait_until

OPEN_PATHS = {"/health", "/health/live", "/health/ready", "/docs", "/", "/favicon.ico"}
"""Probes, and pages that are the same for everybody."""
INSIDE_PATHS = {"/metrics", "/stats"}
"""For this machine and METRICS_TOKEN alone (api/insiders.py); no tenant's data."""


LINK_PATH = "/media/{token}"
"""The link is the credential; without a good one there is nothing."""


def api_routes() -> list[APIRoute]:
    """Every route of the application, those of its routers too (FastAPI 0.137 and later keep these apart)."""
    waiting = list(create_app(load_settings({})).routes)
    found = []
    while waiting:
        route = waiting.pop()
        if isinstance(route, APIRoute):
            found.append(route)
        waiting += getattr(getattr(route, "original_router", None), "routes", [])
    assert len(found) > 8
    return found


def asks_who_calls(route: APIRoute) -> bool:
    waiting = [route.dependant]
    while waiting:
        dependant = waiting.pop()
        if dependant.call is current_caller:
            return True
        waiting += dependant.dependencies
    return False


def test_every_route_but_the_probes_asks_who_calls() -> None:
    assert {route.path for route in api_routes() if not asks_who_calls(route)} == OPEN_PATHS | INSIDE_PATHS | {
        LINK_PATH
    }


def test_without_a_key_every_route_is_closed_and_probes_are_open(place: Place) -> None:
    with place.client() as http:
        for route in api_routes():
            for method in route.methods or ():
                answer = http.request(method, route.path.replace("{job_id}", "0" * 32))
                if route.path in OPEN_PATHS:
                    # The icon lies among the page's files.
                    assert answer.status_code == (307 if route.path == "/favicon.ico" else 200)
                elif route.path == LINK_PATH:
                    assert answer.status_code == 404
                elif route.path in INSIDE_PATHS:
                    from_afar = http.request(method, route.path, headers={"X-Forwarded-For": "203.0.113.9"})
                    assert (answer.status_code, from_afar.status_code) == (200, 404)
                else:
                    assert (
                        answer.status_code == 401 if method == "HEAD" else code_of(answer) == (401, "unauthenticated")
                    )
                    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("way", ["bearer", "header"])
def test_a_key_opens_by_either_header(place: Place, way: str) -> None:
    key = place.key("acme").text
    with place.client(key) if way == "bearer" else place.client(x_api_key=key) as http:
        job_id = job_of(submit(http, wav()))
        assert http.get(f"/status/{job_id}").status_code == 200


def test_threat_12_a_recording_of_another_tenant_is_not_told_by_the_answer(place: Place) -> None:
    recording = wav()
    with place.client(place.key("one").text) as one, place.client(place.key("two").text) as two:
        assert submit(one, recording).json()["status"] == submit(two, recording).json()["status"] == "queued"
        assert not two.get(f"/status/{job_of(submit(two, recording))}").json()["cached"]


def test_two_keys_of_a_tenant_see_the_same_jobs(place: Place) -> None:
    with place.client(place.key("acme").text) as first, place.client(place.key("acme").text) as second:
        assert second.get(f"/status/{job_of(submit(first, wav()))}").status_code == 200


def test_the_bootstrap_key_and_a_token_have_their_tenants(place: Place) -> None:
    claims = {"aud": "steno", "iss": "idp", "exp": int(time.time()) + 600, "tenant": "default"}
    token = jwt.encode(claims, JWT_SECRET, algorithm="HS256")
    stale = jwt.encode({**claims, "exp": int(time.time()) - 60}, JWT_SECRET, algorithm="HS256")
    with place.client(BOOT) as boot, place.client(token) as bearer, place.client(stale) as late:
        assert bearer.get(f"/status/{job_of(submit(boot, wav()))}").status_code == 200
        assert code_of(submit(late, wav())) == (401, "unauthenticated")


def test_a_key_may_do_what_its_scopes_say(place: Place) -> None:
    with place.client(place.key("acme").text) as all_of_it:
        job_id = job_of(submit(all_of_it, wav()))
    with place.client(place.key("acme", scopes=(Scope.READ,)).text) as reader:
        assert reader.get(f"/status/{job_id}").status_code == 200
        assert code_of(submit(reader, wav())) == (403, "scope_missing")
        assert code_of(reader.delete(f"/jobs/{job_id}")) == (403, "scope_missing")


def test_an_expired_and_a_revoked_key_are_refused(place: Place) -> None:
    expiring = place.key("acme", expires_at=utc_now() + timedelta(milliseconds=300))
    gone = place.key("acme")
    place.book.revoke(gone.record.key_id, utc_now())
    with place.client(gone.text) as http:
        assert code_of(submit(http, wav())) == (401, "unauthenticated")
    with place.client(expiring.text) as http:
        wait_until(lambda: http.get(f"/status/{'0' * 32}").status_code == 401, 5, "the key to expire")


def test_threat_22_a_key_beyond_ascii_is_a_401(place: Place) -> None:
    for odd in ("schlüssel☃".encode(), b"\xff\xfe\xfd", b"sk_" + b"\xe2\x98\x83" * 40):
        with socket.create_connection(("127.0.0.1", place.server.port), timeout=5) as wire:
            wire.sendall(b"GET /status/1 HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: " + odd + b"\r\n\r\n")
            assert wire.recv(4096).startswith(b"HTTP/1.1 401 ")


def test_redis_restarted_empty_is_no_open_door_and_the_same_keys_work(own_redis: RedisServer, data_dir: Path) -> None:
    with ApiServer(own_redis.url, data_dir) as server:
        place = Place(server, own_redis)
        made = place.key("acme")
        with place.client(made.text) as http, place.client() as stranger:
            wait_until(lambda: stranger.get(NOTHING).status_code == 401, 5, "the door to close")
            assert code_of(http.get(NOTHING)) == (404, "unknown_job")
            own_redis.stop()
            assert code_of(stranger.get(NOTHING)) == (401, "unauthenticated")
            assert code_of(http.get(NOTHING)) == (503, "ledger_unavailable")
            shutil.rmtree(own_redis.directory)
            own_redis.start()
            with own_redis.client() as client:
                assert client.dbsize() == 0 or not client.exists(copy_name(made.record.key_id))
                # What the process remembers runs out meanwhile, so that it has to look again.
                wait_until(lambda: asked(http) and client.exists(copy_name(made.record.key_id)), 15, "the copy")
            assert code_of(http.get(NOTHING))[0] != 401
            assert code_of(stranger.get(NOTHING)) == (401, "unauthenticated")


def asked(http: httpx.Client) -> bool:
    return http.get(NOTHING).status_code != 401


class Signer(httpx.Auth):
    """Signs as the reference tells clients to."""

    requires_request_body = True

    def __init__(self, made: NewKey, body: bytes | None = None, age_s: int = 0) -> None:
        assert made.record.signing_secret is not None
        self._secret = made.record.signing_secret
        self._body = body
        self._age_s = age_s

    def auth_flow(self, request: httpx.Request) -> Iterator[httpx.Request]:  # type: ignore[override]  # Sends nothing in.
        body = request.content if self._body is None else self._body
        stamp = str(int(time.time()) - self._age_s)
        digest = hashlib.sha256(body).hexdigest()
        signed = SignedRequest(request.method, request.url.raw_path, stamp, digest)
        request.headers["X-Timestamp"] = stamp
        request.headers["X-Content-SHA256"] = digest
        request.headers["X-Signature"] = signature(self._secret, signed)
        yield request


def test_a_signing_key_submits_and_reads_with_signatures_only(place: Place) -> None:
    made = place.key("signed", is_signing=True)
    files = {"file": ("talk.wav", wav())}
    with place.client(made.text) as http:
        assert code_of(http.post("/transcribe", files=files)) == (401, "bad_signature")
        job_id = job_of(http.post("/transcribe", files=files, auth=Signer(made)))
        assert http.get(f"/status/{job_id}?x=1", auth=Signer(made)).status_code == 200
        assert code_of(http.get(f"/status/{job_id}", auth=Signer(made, age_s=310))) == (401, "bad_signature")
        assert code_of(http.get(f"/status/{job_id}")) == (401, "bad_signature")


def test_a_body_that_was_changed_on_the_way_becomes_no_job(place: Place) -> None:
    made = place.key("signed", is_signing=True)
    jobs = len(place.log("audit"))
    with place.client(made.text) as http:
        changed = http.post("/transcribe", files={"file": ("a.wav", wav(300_000))}, auth=Signer(made, body=b"other"))
        assert code_of(changed) == (401, "bad_signature")
    assert len(place.log("audit")) == jobs
    wait_until(lambda: place.server.spool == [], 5, "an empty spool")
