"""Results in every format, out of one stored transcript."""

import socket
from pathlib import Path

import httpx
import pytest
import webvtt

from stenopool.media.local_store import LocalStore
from stenopool.transcripts.model import Transcript
from tests.integration.api.conftest import wav
from tests.integration.api.scripted_worker import ScriptedWorker
from tests.integration.api.server import ApiServer
from tests.integration.api.test_jobs import code_of, job_of
from tests.waiting import wait_until

HOSTILE = "<script>alert(1)</script> --> {\\p1} =1+1"


@pytest.fixture(scope="module")
def said() -> str:
    return "good morning everybody in this room"


def completed(http: httpx.Client, worker: ScriptedWorker, text: str, name: str = "talk.wav") -> str:
    job_id = job_of(http.post("/jobs", files={"file": (name, wav())}, data={"word_timestamps": "true"}))
    worker.complete(text)
    return job_id


@pytest.mark.parametrize(
    ("form", "content_type", "begins"),
    [
        ("text", "text/plain; charset=utf-8", "good morning"),
        ("srt", "application/x-subrip; charset=utf-8", "1\n00:00:01,000 --> "),
        ("vtt", "text/vtt; charset=utf-8", "WEBVTT"),
        ("tsv", "text/tab-separated-values; charset=utf-8", "start\tend\ttext\n1000\t3500\tgood"),
    ],
)
def test_a_format_is_chosen_by_name_or_by_accept(
    http: httpx.Client, worker: ScriptedWorker, said: str, form: str, content_type: str, begins: str
) -> None:
    job_id = completed(http, worker, said)
    by_name = http.get(f"/result/{job_id}", params={"format": form})
    by_accept = http.get(f"/jobs/{job_id}/result", headers={"Accept": f"{content_type.partition(';')[0]}, */*;q=0.1"})
    assert by_name.status_code == 200, by_name.text
    assert by_name.headers["content-type"] == by_accept.headers["content-type"] == content_type
    assert by_name.text == by_accept.text
    assert by_name.text.startswith(begins)
    assert by_name.headers["content-disposition"].startswith('attachment; filename="talk.')
    assert by_name.headers["x-content-type-options"] == "nosniff"
    assert int(by_name.headers["content-length"]) == len(by_name.content)
    assert "Accept" in by_accept.headers["vary"]


def test_json_stands_where_nothing_is_asked(http: httpx.Client, worker: ScriptedWorker, said: str) -> None:
    job_id = completed(http, worker, said)
    for headers in ({}, {"Accept": "*/*"}, {"Accept": "application/json"}):
        answer = http.get(f"/result/{job_id}", headers=headers)
        assert answer.headers["content-type"] == "application/json"
        assert answer.json()["text"] == said


def test_rules_of_subtitles_are_kept(http: httpx.Client, worker: ScriptedWorker, said: str) -> None:
    job_id = completed(http, worker, said)
    rules: dict[str, str | int] = {"format": "srt", "max_line_chars": 12, "max_lines": 1}
    lines = http.get(f"/result/{job_id}", params=rules).text.split("\n")
    shown = [line for line in lines if line and not line.isdecimal() and "-->" not in line]
    assert " ".join(shown) == said
    assert max(map(len, shown)) <= 12


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"format": "docx"}, "invalid_request"),
        ({"format": "srt", "max_lines": 0}, "invalid_request"),
        ({"format": "srt", "max_line_chars": 5000}, "invalid_request"),
        ({"format": "srt", "maxlines": 1}, "invalid_request"),
        ({"format": "srt", "min_duration": 9}, "invalid_option"),
    ],
)
def test_what_makes_no_subtitles_is_refused(
    http: httpx.Client, worker: ScriptedWorker, said: str, query: dict[str, str | int], code: str
) -> None:
    answer = http.get(f"/result/{completed(http, worker, said)}", params=query)
    assert (answer.status_code, code_of(answer)) == (422, code)


def test_formats_that_are_not_acceptable_are_told(http: httpx.Client, worker: ScriptedWorker, said: str) -> None:
    answer = http.get(f"/result/{completed(http, worker, said)}", headers={"Accept": "image/png"})
    assert (answer.status_code, code_of(answer)) == (422, "invalid_request")


def test_threat_26_hostile_text_makes_no_markup_and_no_further_cue(
    http: httpx.Client, worker: ScriptedWorker, tmp_path: Path
) -> None:
    job_id = completed(http, worker, HOSTILE)
    text = http.get(f"/result/{job_id}", params={"format": "vtt", "max_lines": 10}).text
    assert "<script" not in text
    file = tmp_path / "a.vtt"
    file.write_text(text, encoding="utf-8")
    assert len(webvtt.read(str(file))) == text.count(" --> ")
    table = http.get(f"/result/{completed(http, worker, '=1+1')}", params={"format": "tsv"}).text
    assert table.splitlines()[1].endswith("\t'=1+1")


def test_a_name_in_any_script_comes_along_safely(http: httpx.Client, worker: ScriptedWorker, said: str) -> None:
    job_id = completed(http, worker, said, name="café;.wav")
    disposition = http.get(f"/result/{job_id}", params={"format": "srt"}).headers["content-disposition"]
    assert disposition == "attachment; filename=\"cafe_.srt\"; filename*=UTF-8''caf%C3%A9%3B.srt"


def test_a_transcript_that_is_not_kept_any_more_has_expired(
    http: httpx.Client, worker: ScriptedWorker, store: LocalStore, said: str
) -> None:
    job_id = completed(http, worker, said)
    [key] = [key for key in store.keys("transcripts/") if _holds(store, key, job_id, http)]
    store.delete(key)
    answer = http.get(f"/result/{job_id}")
    assert (answer.status_code, code_of(answer)) == (410, "result_expired")
    assert answer.json()["hint"]
    assert http.get(f"/status/{job_id}").json()["status"] == "completed"


def _holds(store: LocalStore, key: str, job_id: str, http: httpx.Client) -> bool:
    tag = http.get(f"/status/{job_id}").headers["etag"]
    return tag.removeprefix('W/"').partition("-")[0] in key


def test_a_result_is_sent_once_to_whoever_remembers_it(http: httpx.Client, worker: ScriptedWorker, said: str) -> None:
    job_id = completed(http, worker, said)
    tags = set()
    queries: list[dict[str, str | int]] = [{}, {"format": "srt"}, {"format": "srt", "max_lines": 1}, {"format": "text"}]
    for query in queries:
        first = http.get(f"/result/{job_id}", params=query)
        again = http.get(f"/result/{job_id}", params=query, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert (
            again.headers["etag"]
            == first.headers["etag"]
            == http.get(f"/result/{job_id}", params=query).headers["etag"]
        )
        tags.add(first.headers["etag"])
    assert len(tags) == 4
    assert not any(tag.startswith("W/") for tag in tags)
    other = http.get(f"/result/{completed(http, worker, said)}", headers={"If-None-Match": ", ".join(tags)})
    assert other.status_code == 200


def test_the_head_of_a_result_names_no_length_of_nought(http: httpx.Client, worker: ScriptedWorker, said: str) -> None:
    job_id = completed(http, worker, said)
    head = http.head(f"/jobs/{job_id}/result", params={"format": "vtt"})
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == "text/vtt; charset=utf-8"
    assert "content-length" not in head.headers
    assert http.head(f"/result/{'0' * 32}").status_code == 404


def test_a_transcript_that_cannot_be_read_is_a_problem_and_no_half_answer(
    http: httpx.Client, worker: ScriptedWorker, store: LocalStore, said: str
) -> None:
    job_id = completed(http, worker, said)
    [key] = [key for key in store.keys("transcripts/") if _holds(store, key, job_id, http)]
    body = store.get(key)
    store.delete(key)
    store.put(key, body[:-10])
    for form in ("json", "text", "srt"):
        answer = http.get(f"/result/{job_id}", params={"format": form})
        assert (answer.status_code, code_of(answer)) == (500, "internal_error")


def test_a_very_long_result_is_sent_in_pieces_and_given_up_with_its_reader(
    api: ApiServer, http: httpx.Client, worker: ScriptedWorker, store: LocalStore, said: str
) -> None:
    job_id = completed(http, worker, said)
    [key] = [key for key in store.keys("transcripts/") if _holds(store, key, job_id, http)]
    long = _long(Transcript.model_validate_json(store.get(key)))
    store.delete(key)
    store.put(key, long.model_dump_json().encode())
    assert store.size_bytes(key) > 11_000_000
    api.reset_peak_memory()
    before_kb = api.memory_kb("VmHWM")
    answer = http.get(f"/result/{job_id}")
    assert len(answer.json()["segments"]) == len(long.segments)
    assert answer.headers["transfer-encoding"] == "chunked"
    # Read whole, it took ten times its size.
    assert api.memory_kb("VmHWM") - before_kb < 24_000
    with socket.create_connection(("127.0.0.1", api.port), timeout=10) as wire:
        wire.sendall(f"GET /result/{job_id} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        assert wire.recv(1000).startswith(b"HTTP/1.1 200 ")
        assert api.holds_open(store.path(key))
    wait_until(lambda: not api.holds_open(store.path(key)), 10, "the transcript to be closed")


def _long(made: Transcript) -> Transcript:
    """Twelve hours of speech: 120,000 words and more."""
    [segment] = made.segments
    return made.model_copy(update={"segments": (segment,) * 24_000, "text": f"{made.text} " * 24_000})
