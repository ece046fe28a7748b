"""A person who wants to be told: names a URL, checks signatures with the official library, reads the log."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from stenopool.local.commands import Choice
from stenopool.settings import child_environment
from tests.acceptance.live_stack import People, live_stack, write_tone
from tests.integration.beat.receivers import Said, receiver
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(300)

LEAVES_WITHIN_S = 5.0
COMES_AGAIN_WITHIN_S = 5.5 + LEAVES_WITHIN_S


@pytest.fixture(scope="module")
def people(redis_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ALLOW_FAKE_ENGINE", "true")
        patch.setenv("WEBHOOK_ALLOWED_NETWORKS", "127.0.0.0/8")
        with live_stack(redis_binary, tmp_path_factory.mktemp("webhooks") / "data", Choice("fake", "fake")) as people:
            yield people


def log(people: People, job_id: str) -> list[dict[str, Any]]:
    answer = people.http.get(f"/jobs/{job_id}/webhooks")
    assert answer.status_code == 200, answer.text
    deliveries: list[dict[str, Any]] = answer.json()["deliveries"]
    return deliveries


def test_a_webhook_that_failed_comes_again_and_is_what_it_says(people: People, tmp_path: Path) -> None:
    with receiver(Said(500), Said(204)) as app:
        job_id = people.submit(
            write_tone(tmp_path / "a.wav", 1.0), vad_filter="false", webhook_url=app.url, external_id="call-17"
        )["job_id"]
        people.ended(job_id)
        ended = time.monotonic()
        wait_until(lambda: app.heard, 3 * LEAVES_WITHIN_S, "the first try")
        left_after_s = time.monotonic() - ended
        wait_until(lambda: len(app.heard) == 2, 3 * COMES_AGAIN_WITHIN_S, "the second try")
    assert left_after_s < 3 * LEAVES_WITHIN_S
    first, second = app.heard
    assert first.id == second.id == f"{job_id}-1-completed"
    assert first.body == second.body

    command = [sys.executable, "-m", "stenopool.cli", "webhooks", "secret", "--tenant", "default"]
    environment = child_environment({"DATA_DIR": str(people.stack.place.data_dir)})
    shown = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    hook = Webhook(shown.stdout.strip())
    headers = dict(second.headers)
    event = hook.verify(second.body, headers)
    assert (event["type"], event["data"]["external_id"]) == ("job.completed", "call-17")
    assert people.http.get(event["data"]["result"]).json()["job_id"] == job_id
    with pytest.raises(WebhookVerificationError):
        hook.verify(second.body.replace(b"call-17", b"call-18"), headers)
    with pytest.raises(WebhookVerificationError):
        hook.verify(second.body, headers | {"webhook-timestamp": str(int(headers["webhook-timestamp"]) - 600)})

    wait_until(lambda: log(people, job_id)[0]["state"] == "delivered", 15, "the log to say so")
    [delivery] = log(people, job_id)
    assert (delivery["id"], delivery["type"]) == (first.id, "job.completed")
    assert [tried["status_code"] for tried in delivery["tries"]] == [500, 204]
    assert [tried["reason"] for tried in delivery["tries"]] == ["bad_status", None]


def test_a_job_that_is_taken_back_tells_so(people: People, tmp_path: Path) -> None:
    with receiver() as app:
        job_id = people.submit(write_tone(tmp_path / "b.wav", 1.0, hertz=300), vad_filter="false", webhook_url=app.url)[
            "job_id"
        ]
        is_cancelled = people.http.delete(f"/job/{job_id}").status_code == 200
        wait_until(lambda: app.heard, 3 * LEAVES_WITHIN_S, "the webhook")
    # The engine may have been faster: then it completed, and that is told.
    assert app.ids() == [f"{job_id}-1-{'cancelled' if is_cancelled else 'completed'}"]


@pytest.mark.parametrize("url", ["http://app.example/", "https://169.254.169.254/", "https://2130706433/", "ftp://a/"])
def test_a_url_that_may_not_be_told_is_refused_at_once(people: People, tmp_path: Path, url: str) -> None:
    body = write_tone(tmp_path / "c.wav", 1.0).read_bytes()
    answer = people.http.post("/transcribe", files={"file": ("c.wav", body)}, data={"webhook_url": url})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_option")
    assert answer.json()["detail"].startswith("webhook_url: ")


def test_an_unknown_job_has_no_log(people: People) -> None:
    answer: httpx.Response = people.http.get(f"/jobs/{'0' * 32}/webhooks")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_job")
