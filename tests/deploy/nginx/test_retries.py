"""What becomes of requests when an API process dies, is gone, or is another: never an upload twice, never a lost poll."""

from collections import Counter
from collections.abc import Callable, Iterator

import httpx
import pytest

from stenopool.ids import new_id
from tests.deploy.nginx.conftest import FrontDoor
from tests.deploy.nginx.stub_api import StubApi
from tests.waiting import wait_until

pytestmark = pytest.mark.needs("nginx")

Stubs = Callable[..., tuple[str, list[StubApi]]]


def arrived(*stubs: StubApi) -> Counter[str]:
    """How often each target arrived, wherever."""
    return Counter(asked.target for stub in stubs for asked in stub.asked)


@pytest.mark.parametrize("path", ["/transcribe", "/jobs", "/v1/audio/transcriptions", "/jobs/1/retry"])
def test_a_submission_whose_api_dies_is_told_so_and_sent_nowhere_else(
    front_door: FrontDoor, stubs: Stubs, address: str, path: str
) -> None:
    name, (dying, living) = stubs(True, False)

    with front_door.client(address, name) as http:
        answers = [http.post(f"{path}?n={number}", content=b"x" * 1000) for number in range(8)]

    assert arrived(dying, living) == {f"{path}?n={number}": 1 for number in range(8)}
    assert len(dying.asked) == [answer.status_code for answer in answers].count(502) > 0
    assert {answer.json()["code"] for answer in answers if answer.status_code == 502} == {"api_unreachable"}


def test_a_submission_finds_the_api_that_listens(front_door: FrontDoor, stubs: Stubs, address: str) -> None:
    name, (living, gone) = stubs(False, False)
    gone.stop()

    with front_door.client(address, name) as http:
        answers = [http.post(f"/transcribe?n={number}", content=b"x" * 100_000) for number in range(8)]

    assert [answer.status_code for answer in answers] == [200] * 8
    assert arrived(living) == {f"/transcribe?n={number}": 1 for number in range(8)}
    assert "," in "".join(line["api"] for line in front_door.nginx.log())


@pytest.mark.parametrize("path", ["/jobs/1", "/job/1"])
def test_a_deletion_is_not_repeated_because_a_second_one_deletes_what_the_first_cancelled(
    front_door: FrontDoor, stubs: Stubs, address: str, path: str
) -> None:
    name, (dying, living) = stubs(True, False)

    with front_door.client(address, name) as http:
        for number in range(8):
            http.delete(f"{path}?n={number}")

    assert dying.asked
    assert arrived(dying, living) == {f"{path}?n={number}": 1 for number in range(8)}
    assert {asked.method for asked in dying.asked} == {"DELETE"}


@pytest.mark.parametrize("path", ["/status/1", "/jobs/1", "/result/1", "/jobs/events", "/health", "/usage"])
def test_a_look_whose_api_dies_is_answered_by_another(
    front_door: FrontDoor, stubs: Stubs, address: str, path: str
) -> None:
    name, (dying, living) = stubs(True, False)

    with front_door.client(address, name) as http:
        answers = [http.get(path) for _ in range(8)]

    assert dying.asked
    assert [(answer.status_code, answer.json()) for answer in answers] == [(200, {"from": living.host})] * 8


def test_replaced_and_added_processes_are_found_by_their_name(
    front_door: FrontDoor, stubs: Stubs, address: str
) -> None:
    name, [old] = stubs(False)
    with front_door.client(address, name) as http:
        assert http.get("/health").json() == {"from": old.host}
        new = {stub.host for stub in stubs(False, False, name=name)[1]}
        seen: set[str] = set()

        def all_are_found() -> bool:
            seen.add(http.get("/health").json()["from"])
            return new <= seen

        wait_until(all_are_found, 10, "both new processes", every_s=0.1)
        assert http.get("/health").json()["from"] in new


def test_a_name_that_nobody_has_is_a_problem(front_door: FrontDoor, address: str) -> None:
    with front_door.client(address, "nobody.stub") as http:
        answer = http.get("/status/1")

    assert answer.status_code == 502
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.json()["code"], answer.headers["retry-after"]) == ("api_unreachable", "2")


def test_an_upload_reaches_the_api_while_it_is_still_coming_and_no_disk_of_nginx(
    front_door: FrontDoor, stubs: Stubs, address: str
) -> None:
    name, [stub] = stubs(False)

    def slowly() -> Iterator[bytes]:
        yield b"a" * 70_000
        wait_until(lambda: stub.asked, 5, "the first bytes to arrive")
        assert not [path for path in (front_door.nginx.folder / "body").rglob("*") if path.is_file()]
        yield b"b" * 70_000

    with front_door.client(address, name) as http:
        answer = http.post("/transcribe", content=slowly(), headers={"Content-Length": "140000"})

    assert answer.status_code == 200
    [asked] = stub.asked
    assert asked.first_piece == b"a" * len(asked.first_piece)


def test_threat_13_what_a_client_says_of_itself_does_not_go_through(
    front_door: FrontDoor, stubs: Stubs, address: str
) -> None:
    name, [stub] = stubs(False)
    given = {
        **dict.fromkeys(("X-Forwarded-For", "X-Real-IP", "X_Forwarded_For", "X-Client-IP"), "127.0.0.1"),
        **dict.fromkeys(("X-Forwarded-Host", "X-Forwarded-Prefix"), "evil.example"),
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Port": "443",
        "Forwarded": "for=127.0.0.1;proto=https",
    }
    request_id = new_id()

    with front_door.client(address, name) as http:
        http.get("/status/1%2F2?q=%20", headers={**given, "X-Request-ID": request_id})
        http.get("/status/1", headers={"X-Request-ID": 'a "bad" one'})

    first, second = stub.asked
    told = {name: value for name, value in first.headers.items() if "forward" in name or "real" in name}
    assert told == {"x-forwarded-for": address, "x-real-ip": address, "x-forwarded-proto": "http"}
    assert first.headers["host"] == name
    assert first.headers["x-request-id"] == request_id
    assert len(second.headers["x-request-id"]) == 32
    assert first.target == "/status/1%2F2?q=%20"


def test_flower_is_asked_under_its_own_prefix(front_door: FrontDoor, stubs: Stubs) -> None:
    _, [stub] = stubs(False, name="flower.stub")

    answer = httpx.get(f"{front_door.nginx.insiders_address}/flower/workers?a=b", trust_env=False)

    assert answer.status_code == 200
    assert [asked.target for asked in stub.asked] == ["/flower/workers?a=b"]
