"""The front door as its users meet it: the real nginx from the shipped files before two real API processes."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from stenopool.local.ports import LOOPBACK
from tests.deploy.nginx.conftest import FrontDoor
from tests.deploy.nginx.running_nginx import CLIENT
from tests.deploy.nginx.stub_api import StubApi
from tests.deploy.nginx.two_apis import HOSTS, KEY, MAX_MB, METRICS_TOKEN, TwoApis, two_apis
from tests.integration.api.conftest import wav
from tests.waiting import wait_until

pytestmark = pytest.mark.needs("nginx", "redis")

LONG_S = 70
"""Longer than nginx waits unless told otherwise."""


@pytest.fixture(scope="module", autouse=True)
def long_call(front_door: FrontDoor) -> Iterator[Future[httpx.Response]]:
    """A call of OpenAI's API that takes long, going on while the other tests run."""
    host = "127.0.1.9"
    front_door.dns.names["slow.stub"] = [host]
    client = front_door.client("192.0.2.1", "slow.stub")
    with ThreadPoolExecutor(1) as background, client, StubApi(host, front_door.ports.stub, slow_s=LONG_S):
        yield background.submit(client.post, "/v1/audio/transcriptions", content=b"x", timeout=LONG_S + 60)


@pytest.fixture(scope="module")
def apis(front_door: FrontDoor, redis_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoApis]:
    front_door.dns.names["api.test"] = list(HOSTS)
    with two_apis(redis_binary, tmp_path_factory.mktemp("apis"), front_door.ports.api) as apis:
        yield apis


@pytest.fixture
def client(front_door: FrontDoor, apis: TwoApis, address: str) -> Iterator[httpx.Client]:
    apis.worker.clear()
    with front_door.client(address) as client:
        client.headers["Authorization"] = f"Bearer {KEY}"
        yield client


def submit(client: httpx.Client, recording: bytes) -> str:
    answer = client.post("/transcribe", files={"file": ("talk.wav", recording)})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job_id"])


def test_a_recording_goes_in_and_its_transcript_comes_out(client: httpx.Client, apis: TwoApis) -> None:
    job_id = submit(client, wav(1_500_000))
    apis.worker.complete("good morning " * 200)

    answer = client.get(f"/jobs/{job_id}/result", headers={"Accept-Encoding": "gzip"})

    assert answer.json()["text"].startswith("good morning")
    assert answer.headers["content-encoding"] == "gzip"
    assert client.get(f"/status/{job_id}").json()["status"] == "completed"
    again = client.get(f"/jobs/{job_id}/result", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    for name in ("x-content-type-options", "x-frame-options", "content-security-policy", "referrer-policy"):
        assert len(answer.headers.get_list(name)) == 1
    assert client.head(f"/jobs/{job_id}/media").headers["accept-ranges"] == "bytes"


def test_events_arrive_one_by_one(client: httpx.Client, apis: TwoApis) -> None:
    job_id = submit(client, wav())
    apis.worker.prepare()
    span = apis.worker.recognise()
    headers = {"Accept-Encoding": "gzip"}
    with client.stream("GET", f"/jobs/{job_id}/events", headers=headers) as stream:
        assert "content-encoding" not in stream.headers
        events = (line for line in stream.iter_lines() if line.startswith(("event: segment", 'data: {"job_id"')))
        for number, text in enumerate(("one", "two", "three")):
            apis.worker.tell(span, number, text)
            # Not before the next is told: each comes alone.
            assert any(f'"text":"{text}"' in line for line in events)
    apis.worker.finish_with(span, "one", "two", "three")


def test_what_is_wrong_with_an_upload_is_told_while_it_still_comes(client: httpx.Client) -> None:
    def endlessly() -> Iterator[bytes]:
        yield wav(100_000)
        for _ in range(8 * MAX_MB):
            yield b"x" * 250_000

    answer = client.post("/transcribe", content=endlessly(), headers={"Content-Type": "audio/wav"})
    no_audio = client.post("/transcribe", content=b"<html>" + b"x" * 1_000_000, headers={"Content-Type": "audio/wav"})

    assert (answer.status_code, answer.json()["code"]) == (413, "file_too_large")
    assert (no_audio.status_code, no_audio.json()["code"]) == (415, "not_audio")


def test_threat_14_a_stalled_upload_is_ended_by_the_api_with_its_reason(
    front_door: FrontDoor, client: httpx.Client, address: str
) -> None:
    head = f"POST /transcribe HTTP/1.1\r\nHost: api.test\r\nAuthorization: Bearer {KEY}\r\n{CLIENT}: {address}\r\n"
    with socket.create_connection((LOOPBACK, front_door.nginx.public), timeout=10) as upload:
        upload.sendall(f"{head}Content-Type: audio/wav\r\nContent-Length: 100000\r\n\r\n".encode() + wav(100))
        assert b"upload_too_slow" in upload.recv(65_536)
    assert client.get("/health/live").status_code == 200


def test_threat_33_compressed_and_ambiguous_bodies_are_refused(
    front_door: FrontDoor, client: httpx.Client, address: str
) -> None:
    compressed = client.post(
        "/transcribe", content=wav(), headers={"Content-Type": "audio/wav", "Content-Encoding": "gzip"}
    )
    head = f"POST /jobs HTTP/1.1\r\nHost: api.test\r\n{CLIENT}: {address}\r\nTransfer-Encoding: chunked\r\n"
    with socket.create_connection((LOOPBACK, front_door.nginx.public), timeout=10) as two_lengths:
        two_lengths.sendall(f"{head}Content-Length: 5\r\n\r\n0\r\n\r\nGET /metrics HTTP/1.1\r\n\r\n".encode())
        answer = two_lengths.recv(65_536)

    assert (compressed.status_code, compressed.json()["code"]) == (415, "unsupported_encoding")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1


def test_threat_13_the_api_knows_the_address_of_the_connection(
    front_door: FrontDoor, apis: TwoApis, address: str
) -> None:
    with front_door.client(address) as client:
        answer = client.get("/jobs", headers={"X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1"})

    assert answer.status_code == 401
    lines = [json.loads(line) for line in apis.told().splitlines() if '"access_refused"' in line]
    assert lines[-1]["address"] == address
    assert lines[-1]["request_id"] == answer.headers["x-request-id"] == front_door.nginx.log()[-1]["request_id"]


@pytest.mark.parametrize(
    "path", ["/metrics", "/metrics/", "//metrics", "/%6detrics", "/stats", "/docs", "/openapi.json"]
)
def test_insides_are_shown_at_the_insiders_door_alone(
    front_door: FrontDoor, apis: TwoApis, client: httpx.Client, path: str
) -> None:
    insider = {"Authorization": f"Bearer {METRICS_TOKEN}", "Host": "localhost", "Connection": "close"}
    spoofed = {**insider, **dict.fromkeys(("X-Forwarded-For", "X-Real-IP"), "127.0.0.1")}

    # Joined to the base by hand: `//metrics` would be an address of the host `metrics`.
    outside = client.get(client.base_url.copy_with(raw_path=path.encode()), headers=spoofed)
    inside = httpx.get(front_door.nginx.insiders_address + path, headers=insider, trust_env=False)
    stranger = httpx.get(
        front_door.nginx.insiders_address + path, headers={**spoofed, CLIENT: "203.0.113.1"}, trust_env=False
    )

    assert (outside.status_code, outside.json()["code"]) == (404, "not_found")
    assert (stranger.status_code, stranger.json()["code"]) == (404, "not_found")
    # The API itself knows no other way of writing it.
    assert inside.status_code == {"//metrics": 404, "/metrics/": 307}.get(path, 200)
    assert apis.children[0].exit_code is None


def test_links_and_queries_are_in_no_log(front_door: FrontDoor, client: httpx.Client) -> None:
    job_id = submit(client, wav())
    url = client.post(f"/jobs/{job_id}/media-link").json()["url"]
    assert client.get(f"/{url.lstrip('/')}").status_code == 200
    client.get(f"/jobs/{job_id}/events?last_event_id=a-secret", headers={"Authorization": "Bearer no"})

    token = url.rpartition("/")[2]
    text = (front_door.nginx.folder / "access.log").read_text() + (front_door.nginx.folder / "error.log").read_text()
    assert token not in text
    assert "a-secret" not in text
    assert "/media/-" in {line["path"] for line in front_door.nginx.log()}


def test_a_thousand_probes_a_hundred_at_once_are_all_answered(front_door: FrontDoor, apis: TwoApis) -> None:
    async def probe(places: asyncio.Semaphore) -> bytes:
        async with places:
            reader, writer = await asyncio.open_connection(LOOPBACK, front_door.nginx.public)
            # What `ab -n 1000 -c 100` sends.
            writer.write(
                b"GET /health HTTP/1.0\r\nHost: api.test\r\nUser-Agent: ApacheBench/2.3\r\nAccept: */*\r\n\r\n"
            )
            answer = await reader.read()
            writer.close()
            return answer[:12]

    async def probes() -> list[bytes]:
        places = asyncio.Semaphore(100)
        return await asyncio.gather(*(probe(places) for _ in range(1000)))

    assert asyncio.run(probes()) == [b"HTTP/1.1 200"] * 1000
    assert {line["api"] for line in front_door.nginx.log() if line["agent"] == "ApacheBench/2.3"} == {
        f"{host}:{front_door.ports.api}" for host in HOSTS
    }


def test_no_poll_fails_when_an_api_is_killed_under_load(
    front_door: FrontDoor, apis: TwoApis, client: httpx.Client
) -> None:
    job_id = submit(client, wav())
    is_over = threading.Event()
    answered: list[tuple[float, int]] = []

    def poll(number: int) -> None:
        with front_door.client(f"198.51.100.{number}") as poller:
            poller.headers["Authorization"] = f"Bearer {KEY}"
            wish = {"Prefer": "wait=2"} if number % 2 else {}
            while not is_over.is_set():
                answered.append((time.monotonic(), poller.get(f"/status/{job_id}", headers=wish).status_code))
                # Within what an address may ask.
                is_over.wait(0.06)

    pollers = [threading.Thread(target=poll, args=(number,)) for number in range(1, 7)]
    for poller in pollers:
        poller.start()
    wait_until(lambda: len(answered) > 20, 20, "polls before the kill")
    apis.children[1].kill()
    killed = time.monotonic()
    wait_until(lambda: sum(at > killed + 2.5 for at, _ in answered) > 20, 30, "polls after the kill")
    is_over.set()
    for poller in pollers:
        poller.join(timeout=20)

    assert {status for _, status in answered} == {200}
    assert "," in "".join(line["api"] for line in front_door.nginx.log())


def test_a_call_of_seventy_seconds_is_answered(long_call: Future[httpx.Response]) -> None:
    answer = long_call.result(timeout=LONG_S + 60)

    assert (answer.status_code, answer.json()) == (200, {"from": "127.0.1.9"})
    assert answer.elapsed.total_seconds() >= LONG_S
