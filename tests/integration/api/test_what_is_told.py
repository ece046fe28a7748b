"""What an answer and the log tell, on a real API process: who did what, and nothing that helps an attacker."""

import socket
import time

import httpx

from stenopool.ledger.ledger import Ledger
from stenopool.media.local_store import LocalStore
from stenopool.redis_pools import redis_client
from tests.integration.api.conftest import POOL, wav
from tests.integration.api.place import BOOT, Place, code_of, job_of, submit
from tests.integration.api.scripted_worker import ScriptedWorker
from tests.waiting import wait_until


def test_audit_lines_tell_who_did_what_and_hold_no_key(place: Place) -> None:
    made = place.key("audited")
    with place.client(made.text, x_request_id="audit-1") as http:
        job_id = job_of(submit(http, wav()))
        assert http.delete(f"/jobs/{job_id}").status_code == 200
    lines = [line for line in place.log("audit") if line.get("job_id") == job_id]
    assert [line["act"] for line in lines] == ["submit", "cancel"]
    assert {(line["tenant"], line["who"], line["request_id"]) for line in lines} == {
        ("audited", f"key:{made.record.key_id}", "audit-1")
    }
    log = (place.server.data_dir / "api.log").read_text()
    assert made.text not in log
    assert BOOT not in log


def test_the_access_log_has_one_line_for_a_request_without_its_query(place: Place) -> None:
    with place.client(BOOT, x_request_id="access-1") as http:
        http.get(f"/status/{'0' * 32}", params={"token": "hunter2"})
    # Written when the whole answer is gone; the client may have it before.
    [line] = wait_until(
        lambda: [line for line in place.log("request") if line.get("request_id") == "access-1"],
        10,
        "the line of the request",
    )
    assert (line["method"], line["status"], line["route"]) == ("GET", 404, "/status/{job_id}")
    assert (line["tenant"], line["who"]) == ("default", "key:bootstrap")
    assert line["ms"] > 0
    assert "hunter2" not in (place.server.data_dir / "api.log").read_text()


def test_threat_21_no_request_can_write_a_log_line_of_its_own(place: Place) -> None:
    evil = '%0a{"level":"info","event":"audit","act":"forged"}'
    with place.client(BOOT) as http:
        http.get(f"/status/{evil}")
        http.post("/transcribe", files={"file": ('a\n{"event":"audit","act":"forged"}\x1b[31m.wav', wav())})
    log = (place.server.data_dir / "api.log").read_text()
    assert [line for line in log.splitlines() if not line.startswith("{")] == []
    assert [line for line in place.log("audit") if line["act"] == "forged"] == []
    assert "\x1b" not in log


def test_a_bell_carries_the_request_that_rang_it(place: Place) -> None:
    with place.client(BOOT, x_request_id="bell-1") as http, place.redis.client() as client:
        job_of(submit(http, wav()))

        def rung() -> bool:
            lists = [key for key in client.scan_iter("*") if client.type(key) in ("list", b"list")]
            return any("bell-1" in str(client.lrange(key, 0, -1)) for key in lists)

        wait_until(rung, 5, "the bell")


def test_threat_24_pages_of_other_origins_get_no_permission(place: Place) -> None:
    with place.client(BOOT) as http:
        for origin, allowed in (("https://evil.example", None), ("https://app.example", "https://app.example")):
            answer = http.get("/health", headers={"Origin": origin})
            assert answer.headers.get("access-control-allow-origin") == allowed
        asked_first = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
        preflight = http.options("/transcribe", headers={**asked_first, "Access-Control-Request-Headers": "x-api-key"})
        assert preflight.status_code == 200
        # A page sees why it was refused, too.
        refused = httpx.get(
            f"{place.server.address}/status/1", headers={"Origin": "https://app.example"}, trust_env=False
        )
        assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, "https://app.example")


def test_every_answer_tells_browsers_to_be_careful(place: Place) -> None:
    with place.client(BOOT) as http:
        for path in ("/health", f"/status/{'0' * 32}", "/nowhere"):
            headers = http.get(path).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert "default-src 'none'" in headers["content-security-policy"]
            assert headers["referrer-policy"] == "no-referrer"
        assert "script-src 'self'" in http.get("/docs").headers["content-security-policy"]


def test_threat_31_a_fault_of_ours_tells_no_internals(place: Place) -> None:
    made = place.key("faulty")
    with place.client(made.text) as http:
        job_id = job_of(submit(http, wav()))
        with redis_client(place.redis.url) as client:
            ledger = Ledger(client, lambda _bells: None)
            worker = ScriptedWorker(ledger, LocalStore(place.server.data_dir / "store"), POOL)
            while http.get(f"/status/{job_id}").json()["status"] != "completed":
                worker.complete()
        for path in (place.server.data_dir / "store" / "transcripts").iterdir():
            path.chmod(0o660)
            path.write_text("no transcript")
        answer = http.get(f"/result/{job_id}")
    assert code_of(answer) == (500, "internal_error")
    for inside in (str(place.server.data_dir), "redis://", "Traceback", ".json", "Error"):
        assert inside not in answer.text.replace("internal_error", "").replace("Internal error", "")


def test_threat_33_a_compressed_body_is_not_unpacked(place: Place) -> None:
    with place.client(BOOT, content_encoding="gzip") as http:
        answer = http.post("/transcribe", files={"file": ("a.wav", b"\x1f\x8b" + bytes(1000))})
    assert code_of(answer) == (415, "unsupported_encoding")


def test_threat_14_many_slow_senders_hold_up_nobody(place: Place) -> None:
    head = b"POST /transcribe HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: "
    wires = [socket.create_connection(("127.0.0.1", place.server.port), timeout=5) for _ in range(200)]
    try:
        for wire in wires:
            wire.sendall(head)
        with place.client(BOOT) as http:
            for wire in wires[:20]:
                wire.sendall(b"x")
                began = time.monotonic()
                assert http.get("/health/live").status_code == 200
                # A second is promised, three times that is the limit.
                assert time.monotonic() - began < 3.0
    finally:
        for wire in wires:
            wire.close()
