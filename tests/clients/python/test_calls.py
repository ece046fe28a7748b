"""What the clients send, what they make of answers, and when they ask again."""

import io
import json
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

import stenopool_client as steno
from stenopool_client._upload import PIECE, Upload
from stenopool_client.testing import MockServer
from tests.clients.python.conftest import Twin


def test_a_recording_becomes_a_transcript(ask: Twin, server: MockServer) -> None:
    job = ask(
        "submit", b"RIFF", filename="talk.wav", language="en", word_timestamps=True, metadata={"room": "ä"}
    ).job_id
    assert ask("wait_for_result", job).text == "Good morning."
    [sent] = server.submissions
    assert (sent.filename, sent.content) == ("talk.wav", b"RIFF")
    assert sent.fields == {"language": "en", "word_timestamps": "true", "metadata": '{"room": "ä"}'}


def test_a_submission_is_sent_again_under_its_own_key_and_is_one_job(ask: Twin, server: MockServer) -> None:
    server.break_next(2)
    server.refuse_next(503, "ledger_unavailable")
    ask("submit", b"1")
    assert len(server.submissions) == 1
    assert len({request.headers["Idempotency-Key"] for request in server.requests}) == 1
    assert len(server.requests) == 4
    ask("submit", b"1")
    assert len(server.submissions) == 2


def test_a_key_of_ones_own_is_used(ask: Twin, server: MockServer) -> None:
    assert ask("submit", b"1", idempotency_key="mine") == ask("submit", b"1", idempotency_key="mine")
    assert [sent.idempotency_key for sent in server.submissions] == ["mine"]


def test_told_when_to_come_again_it_waits_so_long_and_says_so(ask: Twin, server: MockServer) -> None:
    told: list[steno.Waiting] = []
    server.refuse_next(429, "rate_limited", retry_after_s=0, times=9)
    ask("submit", b"1", on_wait=told.append)
    assert [type(pause.error) for pause in told] == [steno.RateLimitedError] * 9


def test_patience_ends(ask: Twin, server: MockServer) -> None:
    server.refuse_next(429, "quota_audio", retry_after_s=3600)
    with pytest.raises(steno.QuotaExceededError) as caught:
        ask("submit", b"1")
    assert caught.value.retry_after_s == 3600


@pytest.mark.parametrize("name", ["delete", "retry"])
def test_what_may_do_harm_twice_is_sent_once(ask: Twin, server: MockServer, name: str) -> None:
    job = ask("submit", b"1").job_id
    server.refuse_next(503, "ledger_unavailable")
    with pytest.raises(steno.ServiceUnavailableError):
        ask(name, job)


def test_nobody_there_is_an_error_with_its_cause(ask: Twin, server: MockServer) -> None:
    server.break_next(5)
    with pytest.raises(steno.ConnectionFailedError, match="nobody listens here") as caught:
        ask("status", "1")
    assert isinstance(caught.value.__cause__, httpx.ConnectError)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "malformed_upload", steno.BadRequestError),
        (401, "unauthenticated", steno.UnauthorizedError),
        (403, "scope_missing", steno.ForbiddenError),
        (404, "unknown_job", steno.NotFoundError),
        (408, "upload_too_slow", steno.UploadTooSlowError),
        (409, "not_finished", steno.NotFinishedError),
        (409, "job_ended", steno.ConflictError),
        (410, "result_expired", steno.GoneError),
        (413, "file_too_large", steno.FileTooLargeError),
        (415, "not_audio", steno.UnsupportedMediaError),
        (422, "invalid_option", steno.InvalidRequestError),
        (429, "quota_stored", steno.QuotaExceededError),
        (500, "internal_error", steno.ServerError),
        (507, "disk_full", steno.DiskFullError),
        (418, "teapot", steno.ApiError),
    ],
)
def test_a_problem_is_the_error_of_its_kind(server: MockServer, status: int, code: str, kind: type) -> None:
    server.refuse_next(status, code)
    with server.client() as client, pytest.raises(steno.ApiError) as caught:
        client.submit(b"1")
    assert type(caught.value) is kind
    assert (caught.value.status, caught.value.code, len(server.requests)) == (status, code, 1)


def test_a_page_of_another_server_is_no_problem_of_ours(ask: Twin, server: MockServer) -> None:
    server._faults.append(httpx.Response(404, text="<h1>nginx</h1>"))
    with pytest.raises(steno.UnexpectedAnswerError, match="at this address"):
        ask("status", "1")
    server._faults.append(httpx.Response(200, text="<h1>hello</h1>"))
    with pytest.raises(steno.UnexpectedAnswerError):
        ask("status", "1")


def test_a_proxy_with_nothing_behind_it_is_asked_again(ask: Twin, server: MockServer) -> None:
    job = ask("submit", b"1").job_id
    server._faults.append(httpx.Response(502, text="<h1>Bad Gateway</h1>"))
    assert ask("status", job).status == "queued"


def test_ended_badly_the_result_says_why(ask: Twin, server: MockServer) -> None:
    server.fail_next("no_audio", "The file has no audio track.")
    job = ask("submit", b"1").job_id
    for name in ("wait_for_result", "result"):
        with pytest.raises(steno.JobFailedError) as caught:
            ask(name, job)
        assert (caught.value.job_id, caught.value.reason.code) == (job, "no_audio")
    assert ask("retry", job).status == "queued"
    assert ask("cancel", job).status == "cancelled"
    assert ask("cancel", job).status == "cancelled"
    for name in ("wait_for_result", "result"):
        with pytest.raises(steno.JobCancelledError):
            ask(name, job)
    assert ask("delete", job).status == "deleted"
    with pytest.raises(steno.NotFoundError):
        ask("status", job)


def test_the_list_turns_its_pages(ask: Twin, server: MockServer) -> None:
    jobs = [ask("submit", b"1", external_id="a" if number % 2 else "b").job_id for number in range(5)]
    assert [job.job_id for job in ask("list")] == jobs[::-1]
    page = ask("list_page", limit=2)
    assert ([job.job_id for job in page.data], page.has_more) == (jobs[:2:-1], True)
    assert [job.job_id for job in ask("list_page", limit=2, after=page.next).data] == jobs[2:0:-1]
    assert [job.job_id for job in ask("list", external_id="a", state=("queued", "failed"))] == [jobs[3], jobs[1]]


def test_other_questions(ask: Twin, server: MockServer) -> None:
    job = ask("submit", b"the recording").job_id
    assert b"".join(ask("media", job)) == b"the recording"
    assert ask("health").engine == "mock"
    assert [model.id for model in ask("models")] == ["base"]
    ask("wait_for_end", job)
    assert ask("result_as", job, "srt", max_line_chars=30).startswith("1\n00:00:00,000")
    assert dict(server.requests[-1].url.params) == {"format": "srt", "max_line_chars": "30"}


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("media_link", {"url": "/media/a", "expires_at": "2026-11-01T12:00:00Z"}),
        ("webhooks", {"job_id": "1", "url": None, "deliveries": []}),
        (
            "peaks",
            dict.fromkeys(("version", "channels", "sample_rate", "samples_per_pixel", "bits", "length"), 1)
            | {"data": [-1, 1]},
        ),
    ],
)
def test_what_the_mock_server_does_not_play(ask: Twin, server: MockServer, name: str, body: dict[str, Any]) -> None:
    server._faults.append(httpx.Response(200, json=body))
    assert json.loads(json.dumps(asdict(ask(name, "1")), default=lambda at: at.strftime("%Y-%m-%dT%H:%M:%SZ"))) == body
    assert server.requests[-1].url.path == f"/jobs/1/{name.replace('_', '-')}"


def test_usage_asks_for_its_days(ask: Twin, server: MockServer) -> None:
    counts = dict.fromkeys(("jobs", "cache_hits", "joined", "failed", "bytes", "audio_seconds"), 0)
    day = {**counts, "date": "2026-11-01", "final": True}
    server._faults.append(httpx.Response(200, json={"group": "day", "data": [day], "total": counts}))
    usage = ask("usage", first=date(2026, 11, 1))
    assert usage.data[0].date.isoformat() == "2026-11-01"
    assert dict(server.requests[-1].url.params) == {"from": "2026-11-01"}


def test_health_is_told_also_where_it_is_bad(ask: Twin, server: MockServer) -> None:
    body = json.loads(server._answer(httpx.Request("GET", "http://a/health")).content)
    server._faults.append(httpx.Response(503, json={**body, "status": "unhealthy"}))
    assert ask("health").status == "unhealthy"
    server._faults.append(httpx.Response(503, text="<h1>"))
    with pytest.raises(steno.ServiceUnavailableError):
        ask("health")


def test_a_job_id_stays_one_part_of_the_path(ask: Twin, server: MockServer) -> None:
    with pytest.raises(steno.NotFoundError):
        ask("status", "../health?a=1")
    assert server.requests[-1].url.raw_path == b"/jobs/..%2Fhealth%3Fa%3D1"


class Counted(io.BytesIO):
    """A file that remembers the largest piece it was asked for."""

    largest = 0

    def read(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        assert size > 0
        self.largest = max(self.largest, size)
        return super().read(size)


def test_a_file_is_read_in_pieces_and_its_progress_told(ask: Twin, server: MockServer) -> None:
    file, told = Counted(b"." * (2 * PIECE + 5)), []
    ask("submit", file, progress=lambda sent, total: told.append((sent, total)))
    assert told == [(PIECE, 2 * PIECE + 5), (2 * PIECE, 2 * PIECE + 5), (2 * PIECE + 5, 2 * PIECE + 5)]
    assert file.largest == PIECE
    request = server.requests[-1]
    assert int(request.headers["Content-Length"]) == len(request.content)


def test_an_open_file_is_sent_from_where_it_stands_each_time(ask: Twin, server: MockServer) -> None:
    file = io.BytesIO(b"headtail")
    file.seek(4)
    server._faults.append(httpx.Response(503, content=b""))
    ask("submit", file)
    assert server.submissions[0].content == b"tail"


class Pipe(io.BytesIO):
    def seekable(self) -> bool:
        return False


def test_a_pipe_is_sent_once_and_its_size_is_not_told(ask: Twin, server: MockServer) -> None:
    ask("submit", Pipe(b"abc"))
    assert server.submissions[0].content == b"abc"
    assert "Content-Length" not in server.requests[0].headers
    server.break_next()
    with pytest.raises(steno.ConnectionFailedError):
        ask("submit", Pipe(b"abc"))


def test_a_path_gives_its_name(ask: Twin, server: MockServer, tmp_path: Path) -> None:
    path = tmp_path / 'a "talk".mp3'
    path.write_bytes(b"ID3")
    ask("submit", path)
    assert server.submissions[0].filename == 'a "talk".mp3'


def test_a_line_break_in_a_name_ends_no_header() -> None:
    [head, *_] = Upload(b"", {}, 'a"\r\nX: y', None).pieces()
    assert b'filename="a%22%0D%0AX: y"\r\n' in head


def test_address_and_key_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STENOPOOL_URL", "https://host.example/steno/")
    monkeypatch.setenv("STENOPOOL_API_KEY", "sk_secret")
    with steno.Client() as client:
        assert client.url == "https://host.example/steno"
        assert client._http.headers["Authorization"] == "Bearer sk_secret"
        assert "sk_secret" not in repr(client._connection)
    with steno.Client("http://127.0.0.1:1", "sk_other") as client:
        assert (client.url, client._http.headers["Authorization"]) == ("http://127.0.0.1:1", "Bearer sk_other")


@pytest.mark.parametrize(("url", "key"), [("host:8000", None), ("ftp://host", None), ("http://host", "a\nb")])
def test_an_address_or_key_that_cannot_be_is_refused_at_once(url: str, key: str | None) -> None:
    with pytest.raises(ValueError, match=r"must be like|no key has"):
        steno.Client(url, key)
