"""Threats of docs/explanation/security.md that no other module of this folder tests, on a real API process with keys."""

import os
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from stenopool.ledger.ledger import Ledger
from stenopool.local.redis_server import RedisServer
from stenopool.media.local_store import LocalStore
from stenopool.redis_pools import redis_client
from stenopool.transcripts.formats import Format
from tests.integration.api.calls import answered
from tests.integration.api.conftest import POOL, wav
from tests.integration.api.place import BOOT, Place, code_of, job_of, submit
from tests.integration.api.scripted_worker import ScriptedWorker
from tests.integration.api.server import ApiServer
from tests.unit.transcripts.made_transcripts import read_with_webvtt
from tests.waiting import wait_until

BOUNDARY = "frontier"
FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def part(head: str, body: bytes = b"x") -> bytes:
    return f"--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + body + b"\r\n"


def cpu_s(place: Place) -> float:
    """Processor time that the API has used so far."""
    fields = Path(f"/proc/{place.server.child.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


@contextmanager
def within(place: Place, limit_s: float) -> Iterator[None]:
    """What happens inside costs the API no more processor time; three times the promise is the limit."""
    before = cpu_s(place)
    yield
    assert cpu_s(place) - before < 3 * limit_s


FORMS = {
    "two thousand fields": b"".join(part(f'name="f{n}"') for n in range(2_000)),
    "a megabyte of header": part('name="' + "x" * 1_000_000 + '"'),
    "a hundred thousand parts": part('name="f"', b"") * 100_000,
    "a megabyte of one field": part('name="language"', b"x" * 1_000_000),
    "half a boundary again and again": part(
        'name="file"; filename="a.wav"', f"\r\n--{BOUNDARY[:-1]}".encode() * 100_000
    ),
    "headers without end": f"--{BOUNDARY}\r\n".encode() + b"X-A: b\r\n" * 100_000,
}


@pytest.mark.parametrize("name", FORMS)
def test_threat_02_a_form_made_to_be_expensive_is_refused_cheaply(place: Place, name: str) -> None:
    body = FORMS[name] + f"--{BOUNDARY}--\r\n".encode()
    with place.client(BOOT) as http, within(place, 1.0):
        answer = http.post("/transcribe", content=body, headers=FORM)
    assert answer.status_code in (400, 413, 415, 422)
    wait_until(lambda: place.server.spool == [], 5, "an empty spool")


def test_threat_03_uploads_fill_no_folder_but_the_spool_and_leave_nothing_there(
    own_redis: RedisServer, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The framework's own forms would put every file of more than a megabyte here.
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    seen: set[str] = set()
    with ApiServer(own_redis.url, data_dir, {"MIN_FREE_DISK_MB": "0"}) as server:
        body = part('name="file"; filename="a.wav"', wav(3_000_000))

        def break_off(_: int) -> None:
            with socket.create_connection(("127.0.0.1", server.port), timeout=10) as wire:
                head = f"POST /transcribe HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {FORM['Content-Type']}\r\n"
                wire.sendall(f"{head}Content-Length: {len(body) * 2}\r\n\r\n".encode() + body)
                wait_until(lambda: server.spool, 10, "the spool to be written")
                seen.update(path.name for path in (tmp_path / "tmp").iterdir())

        with redis_client(own_redis.url) as redis:
            ScriptedWorker(Ledger(redis, lambda _bells: None), LocalStore(data_dir / "store"), POOL).register()
        with ThreadPoolExecutor(20) as threads:
            list(threads.map(break_off, range(20)))
        wait_until(lambda: server.spool == [], 10, "an empty spool")
    assert seen == set()
    assert list((data_dir / "store").glob("media/*")) == []


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n" + bytes(500),
        b"PK\x03\x04" + bytes(500),
        b"<!doctype html><script>alert(1)</script>",
        b"%PDF-1.7\n" + bytes(500),
        b"\x7fELF" + bytes(500),
        b"#!/bin/sh\nrm -rf /\n",
        b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
        b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nm=audio 5004 RTP/AVP 0\r\n",
    ],
    ids=["png", "zip", "html", "pdf", "elf", "script", "hls", "sdp"],
)
def test_threat_08_what_calls_itself_audio_and_is_none_is_refused(place: Place, content: bytes) -> None:
    with place.client(BOOT) as http:
        as_form = http.post("/transcribe", files={"file": ("talk.wav", content, "audio/wav")})
        as_body = http.post("/transcribe", content=content, headers={"Content-Type": "audio/wav"})
    assert code_of(as_form) == code_of(as_body) == (415, "not_audio")


def test_threat_09_a_file_name_is_text_and_never_a_path(place: Place) -> None:
    before = {path for path in place.server.data_dir.parent.rglob("*") if "store" not in path.parts}
    names = ["../../etc/x.wav", "a\0.wav", "C:\\x.wav", "/etc/passwd", "..", ".", "x" * 5_000, "\u202egpj.wav", "~root"]
    with place.client(place.key("names").text) as http:
        for name in names:
            head = {"Content-Type": "audio/wav", "X-File-Name": quote(name)}
            for answer in (
                http.post("/transcribe", files={"file": (name, wav(), "audio/wav")}),
                http.post("/transcribe", content=wav(), headers=head),
            ):
                if len(name) > 255 and answer.status_code == 400:
                    # The header of a part has a limit of its own.
                    assert code_of(answer) == (400, "malformed_upload")
                    continue
                shown = http.get(f"/status/{job_of(answer)}").json()["filename"]
                assert len(shown) <= 255
                assert not set(shown) & set("/\\\0\u202e")
    # Everything written lies in the store, under names of the platform's own.
    assert {path for path in place.server.data_dir.parent.rglob("*") if "store" not in path.parts} - before == set()
    media = [path.name for path in (place.server.data_dir / "store" / "media").iterdir()]
    assert {len(name) for name in media} == {32}
    assert set("".join(media)) <= set("0123456789abcdef")


LONG = "a" * 50_000

QUERIES = {
    "prefer": ("/status/1", {"Prefer": "wait=" + "1" * 50_000}),
    "prefer again and again": ("/status/1", {"Prefer": "wait=1," * 7_000}),
    "accept": ("/result/1", {"Accept": "text/plain;q=0.1," * 3_000}),
    "etags": ("/status/1", {"If-None-Match": "/".join(['W/"a",'] * 8_000)}),
    "format": (f"/result/1?format={LONG}", {}),
    "cursor": (f"/jobs?after={LONG}", {}),
    "moment": (f"/jobs?created_after=2030-01-01{LONG}", {}),
    "name": (f"/jobs?external_id={LONG}", {}),
    "id": (f"/status/{LONG}", {}),
    "request id": ("/status/1", {"X-Request-ID": LONG}),
    "origin": ("/status/1", {"Origin": f"https://{LONG}"}),
    "signature": ("/status/1", {"X-Signature": f"v1={LONG}", "X-Timestamp": "1" * 9_000}),
    "bearer": ("/status/1", {"Authorization": f"Bearer {'a.' * 25_000}"}),
}


@pytest.mark.parametrize("name", QUERIES)
def test_threat_25_long_inputs_are_read_in_no_time(place: Place, name: str) -> None:
    path, headers = QUERIES[name]
    # Ten of them: the clock of the system counts hundredths of a second.
    with place.client() as http, within(place, 10 * 0.05):
        statuses = {http.get(path, headers={"X-API-Key": BOOT, **headers}).status_code for _ in range(10)}
    assert statuses <= {400, 401, 404, 406, 414, 422, 431}


def test_threat_25_texts_for_the_engine_have_a_limit(place: Place) -> None:
    with place.client(BOOT) as http, within(place, 1.0):
        for field in ("initial_prompt", "hotwords"):
            answer = http.post("/transcribe", files={"file": ("a.wav", wav())}, data={field: "x" * 1_001})
            assert code_of(answer) == (422, "invalid_option")
            answer = http.post("/transcribe", files={"file": ("a.wav", wav())}, data={field: "x" * 100_000})
            assert answer.status_code == 422


def test_threat_26_a_hostile_transcript_is_data_in_every_format(place: Place) -> None:
    hostile = "=cmd|calc <script>alert(1)</script> --> 00:00:09.000\n\n00:00:01.000 --> 00:00:02.000\nforged"
    made = place.key("hostile")
    with place.client(made.text) as http, redis_client(place.redis.url) as client:
        worker = ScriptedWorker(Ledger(client, lambda _bells: None), LocalStore(place.server.data_dir / "store"), POOL)
        worker.clear()
        job_id = job_of(submit(http, wav()))
        worker.complete(hostile)
        answers = {form: http.get(f"/result/{job_id}?format={form}") for form in ("json", "text", "srt", "vtt", "tsv")}
    for form, answer in answers.items():
        assert answer.status_code == 200
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "html" not in answer.headers["content-type"]
        if form != "json":
            assert answer.headers["content-disposition"].startswith("attachment")
    assert "<script" not in answers["vtt"].text + answers["srt"].text
    assert answers["vtt"].text.count(" --> ") == len(read_with_webvtt(answers["vtt"].text, Format.VTT)) >= 1
    cells = [cell for row in answers["tsv"].text.splitlines()[1:] for cell in row.split("\t")]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))] == []


def test_threat_31_nothing_a_client_can_send_makes_it_tell_internals(place: Place) -> None:
    job = "0" * 32
    asked = [
        ("GET", "/status/%00", {}),
        ("GET", "/status/..%2f..%2fetc%2fpasswd", {}),
        ("GET", f"/result/{job}?format=%ff%fe", {}),
        ("GET", "/jobs?after=%7B%22a%22%3A1%7D", {}),
        ("GET", "/jobs?limit=1e309", {}),
        ("POST", "/transcribe", {"Content-Type": "multipart/form-data; boundary=\x7f"}),
        ("POST", "/transcribe", {"Content-Type": "audio/wav", "X-File-Name": "%ff%fe%00"}),
        ("POST", "/v1/audio/transcriptions", {"Content-Type": "application/json"}),
        ("DELETE", "/job/%F0%9F%92%A3", {}),
        ("PATCH", "/health", {}),
    ]
    with place.client(BOOT) as http:
        for method, path, headers in asked:
            answer = http.request(method, path, headers=headers, content=b"{" if method == "POST" else None)
            assert 400 <= answer.status_code < 500, (path, answer.text)
            for inside in (str(place.server.data_dir), "redis://", "Traceback", "site-packages", ".py"):
                assert inside not in answer.text


def test_a_stream_that_is_rate_limited_arrives_whole(own_redis: RedisServer, data_dir: Path) -> None:
    # slowapi's ASGI middleware begins a streamed answer a second time, which only a real server notices.
    settings = {"RATE_LIMIT_SUBMIT": "1/minute", "API_KEY": BOOT}
    with ApiServer(own_redis.url, data_dir, settings) as server, redis_client(own_redis.url) as redis:
        ledger = Ledger(redis, lambda _bells: None)
        worker = ScriptedWorker(ledger, LocalStore(data_dir / "store"), POOL)
        worker.register()

        def call() -> httpx.Response:
            files = {"file": ("a.wav", wav())}
            data = {"model": "demo", "stream": "true"}
            headers = {"Authorization": f"Bearer {BOOT}"}
            url = f"{server.address}/v1/audio/transcriptions"
            return httpx.post(url, files=files, data=data, headers=headers, timeout=30, trust_env=False)

        streamed = answered(call, ledger, worker)
        assert (streamed.status_code, streamed.headers["ratelimit-remaining"]) == (200, "0")
        assert "transcript.text.done" in streamed.text
        assert "good morning" in streamed.text
        began = time.monotonic()
        assert call().status_code == 429
        assert time.monotonic() - began < 3
        assert "Traceback" not in server.child.log_tail(200)
