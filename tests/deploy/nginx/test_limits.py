"""How much is too much at the front door, whom it counts, and in which words it says so."""

import http.client
import socket
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from stenopool.local.ports import LOOPBACK
from tests.deploy.nginx.conftest import FrontDoor
from tests.deploy.nginx.running_nginx import CLIENT
from tests.deploy.nginx.stub_api import StubApi
from tests.waiting import wait_until

pytestmark = pytest.mark.needs("nginx")

Stubs = Callable[..., tuple[str, list[StubApi]]]

SUBMIT_BURST = 21
STATUS_BURST = 51
"""What is taken at once (nginx/snippets): the burst, and the one that was due."""


@pytest.fixture
def client(front_door: FrontDoor, stubs: Stubs, address: str) -> Iterator[httpx.Client]:
    name, _ = stubs(False)
    with front_door.client(address, name) as client:
        client.headers["Connection"] = "keep-alive"
        yield client


def refused(answers: list[httpx.Response]) -> list[httpx.Response]:
    """Those that were not let through; the others are all 200."""
    assert {answer.status_code for answer in answers} <= {200, 429}
    return [answer for answer in answers if answer.status_code == 429]


def as_problem(answer: httpx.Response) -> dict[str, Any]:
    """The problem in the answer, every part of it in place."""
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["type"] == f"urn:stenopool:problem:{body['code']}"
    assert body["status"] == answer.status_code
    assert body["title"]
    assert body["detail"]
    assert body["hint"]
    assert body["request_id"] == answer.headers["x-request-id"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    return body


@pytest.mark.parametrize(("method", "path"), [("POST", "/transcribe"), ("POST", "/jobs"), ("POST", "/jobs/1/retry")])
def test_submissions_beyond_twenty_a_second_are_429(client: httpx.Client, method: str, path: str) -> None:
    answers = [client.request(method, path, content=b"x") for _ in range(60)]

    too_many = refused(answers)
    assert [answer.status_code for answer in answers[:SUBMIT_BURST]] == [200] * SUBMIT_BURST
    assert too_many
    assert as_problem(too_many[0])["code"] == "rate_limited"
    assert as_problem(too_many[0])["instance"] == path
    assert too_many[0].headers["retry-after"] == "1"


@pytest.mark.parametrize("path", ["/status/1", "/jobs/1", "/jobs"])
def test_looks_beyond_twenty_a_second_are_429(client: httpx.Client, path: str) -> None:
    answers = [client.get(path, headers={"Prefer": "respond-async, wait=0"}) for _ in range(STATUS_BURST + 40)]

    assert [answer.status_code for answer in answers[:STATUS_BURST]] == [200] * STATUS_BURST
    assert as_problem(refused(answers)[0])["code"] == "rate_limited"


def test_openais_clients_are_told_in_their_own_words(client: httpx.Client) -> None:
    answers = [client.post("/v1/audio/transcriptions", content=b"x") for _ in range(60)]

    body = refused(answers)[0].json()
    assert refused(answers)[0].headers["content-type"] == "application/json"
    assert body["error"] == {
        "message": "too many requests from your address (wait as Retry-After says)",
        "type": "rate_limit_error",
        "param": None,
        "code": "rate_limited",
    }
    assert body["status"] == 429


@pytest.mark.parametrize(
    ("path", "prefer"),
    [("/health", ""), ("/jobs/events", ""), ("/jobs/1/events", ""), ("/jobs/1", "wait=30"), ("/status/1", "wait=5")],
)
def test_probes_events_and_long_polls_are_not_counted_with_the_others(
    client: httpx.Client, path: str, prefer: str
) -> None:
    answers = [client.get(path, headers={"Prefer": prefer}) for _ in range(STATUS_BURST + 60)]

    assert refused(answers) == []


def test_threat_13_another_address_in_a_header_is_no_way_around(client: httpx.Client) -> None:
    names = ("X-Forwarded-For", "X-Real-IP", "Forwarded", "X_Forwarded_For", "X-Client-IP", "True-Client-IP")

    answers = [
        client.post("/transcribe", content=b"x", headers=dict.fromkeys(names, f"198.51.100.{number}"))
        for number in range(100)
    ]

    assert len(refused(answers)) > 40


@pytest.mark.parametrize(
    ("others", "is_shared"),
    [("2001:db8:1:1:ffff::2", True), ("2001:db8:1:2::1", False)],
)
def test_ipv6_is_counted_by_the_network_of_64_bits(client: httpx.Client, others: str, *, is_shared: bool) -> None:
    client.headers[CLIENT] = "2001:db8:1:1::1"
    used_up = [client.get("/status/1") for _ in range(STATUS_BURST + 40)]
    client.headers[CLIENT] = others

    answers = [client.get("/status/1") for _ in range(STATUS_BURST)]

    assert refused(used_up)
    assert bool(refused(answers)) == is_shared


def test_ipv4_in_the_clothes_of_ipv6_is_not_one_network(client: httpx.Client) -> None:
    answers = []
    for number in range(STATUS_BURST + 40):
        client.headers[CLIENT] = f"::ffff:198.51.100.{number}"
        answers.append(client.get("/status/1"))

    assert refused(answers) == []


def test_an_address_has_twenty_uploads_at_once(front_door: FrontDoor, stubs: Stubs, address: str) -> None:
    name, _ = stubs(False)
    head = f"POST /transcribe HTTP/1.1\r\nHost: {name}\r\n{CLIENT}: {address}\r\nContent-Length: 9\r\n\r\n".encode()
    waiting: list[socket.socket] = []

    def code_of_another() -> str:
        """Opens one upload more; empty when it was let in."""
        upload = socket.create_connection((LOOPBACK, front_door.nginx.public), timeout=0.2)
        upload.sendall(head)
        try:
            answer = upload.recv(4096).decode()
        except TimeoutError:
            waiting.append(upload)
            return ""
        upload.close()
        return str(answer.partition('"code":"')[2].partition('"')[0])

    try:
        wait_until(lambda: code_of_another() == "too_many_connections", 20, "an upload too many")
        assert len(waiting) == 20
    finally:
        for upload in waiting:
            upload.close()


@pytest.mark.parametrize("path", ["/transcribe", "/jobs", "/v1/audio/transcriptions"])
def test_a_body_that_is_announced_too_large_is_413_before_it_is_sent(
    front_door: FrontDoor, address: str, path: str
) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\n{CLIENT}: {address}\r\nContent-Length: {200 << 20}\r\n\r\n"

    status, body = spoken(front_door, head)

    assert status == 413
    assert '"code":"file_too_large"' in body
    assert ('"param":"file"' in body) == path.startswith("/v1/")


@pytest.mark.parametrize(
    ("request_text", "status", "code"),
    [
        ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "bad_request"),
        ("NONSENSE\r\n\r\n", 400, "bad_request"),
        (f"GET /{'x' * 9000} HTTP/1.1\r\nHost: x\r\n\r\n", 414, "address_too_long"),
        (f"GET / HTTP/1.1\r\nHost: x\r\nX-Long: {'x' * 9000}\r\n\r\n", 431, "headers_too_large"),
        ('GET /metrics/"},{"x":" HTTP/1.1\r\nHost: x\r\n\r\n', 404, "not_found"),
        ("POST /usage HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n", 413, "file_too_large"),
    ],
    ids=["bad host", "no http", "long address", "long header", "quotes in the path", "a body where none belongs"],
)
def test_whatever_is_wrong_is_a_problem(front_door: FrontDoor, request_text: str, status: int, code: str) -> None:
    told, body = spoken(front_door, request_text)

    assert told == status
    problem = httpx.Response(status, content=body).json()
    assert (problem["code"], problem["status"]) == (code, status)
    assert set(problem) == {"type", "title", "status", "detail", "code", "hint", "instance", "request_id"}


def test_threat_14_heads_that_never_end_are_cut_and_hold_nobody_up(front_door: FrontDoor, client: httpx.Client) -> None:
    slow = [socket.create_connection((LOOPBACK, front_door.nginx.public)) for _ in range(200)]
    try:
        for number, sock in enumerate(slow):
            sock.setblocking(False)
            sock.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: "[: 5 + number % 30])
        times = [client.get("/health").elapsed.total_seconds() for _ in range(40)]
        assert sorted(times)[37] < 0.5

        # A byte every half second to each: what counts is the whole head, not each piece of it.
        wait_until(
            lambda: sum(is_closed(sock) for sock in slow) == 200, 20, "all slow sockets to be closed", every_s=0.5
        )
    finally:
        for sock in slow:
            sock.close()


def is_closed(sock: socket.socket) -> bool:
    """Whether the server has closed it; sends one byte more."""
    try:
        sock.sendall(b"x")
        return not sock.recv(65_536)
    except BlockingIOError:
        return False
    except OSError:
        return True


def spoken(front_door: FrontDoor, request: str) -> tuple[int, str]:
    """Status and body of the answer to these bytes, after which nothing more is sent."""
    with socket.create_connection((LOOPBACK, front_door.nginx.public), timeout=5) as sock:
        sock.sendall(request.encode("latin-1"))
        answer = http.client.HTTPResponse(sock)
        answer.begin()
        assert answer.headers["Server"] == "nginx"
        return answer.status, answer.read().decode()
