"""The whole of it from the shipped files, in at the front door and out again, watched by Flower and Prometheus."""

import contextlib

import httpx
import pytest

from stenopool.queueing.names import SHIFT_TASK
from tests.acceptance.live_stack import SAMPLES
from tests.deploy.compose_processes import host
from tests.deploy.whole_stack import COUNTS, WholeStack
from tests.waiting import wait_until

pytestmark = pytest.mark.needs("redis-server", "nginx", "promtool")

LIMIT_S = 30.0


@pytest.fixture(scope="module")
def job(whole: WholeStack) -> str:
    """A recording that went in at the front door."""
    return whole.submit(SAMPLES / "demo.wav")


def test_a_recording_goes_in_at_the_front_door_is_told_of_while_it_runs_and_comes_out(
    whole: WholeStack, job: str
) -> None:
    with whole.client() as client:
        with client.stream("GET", f"/jobs/{job}/events", timeout=60) as stream:
            told = [line.removeprefix("event: ") for line in stream.iter_lines() if line.startswith("event: ")]
        result = client.get(f"/result/{job}")

    assert told[-1] == "completed"
    assert result.status_code == 200
    assert result.json()["text"]


def test_both_apis_are_asked(whole: WholeStack) -> None:
    with whole.client() as client:
        for _ in range(8):
            assert client.get("/health").status_code == 200
    port = whole.processes.port("api", 8000)
    both = {f"{host(number)}:{port}" for number in range(1, COUNTS["api"] + 1)}
    assert both <= {line["api"] for line in whole.nginx.log()}


def test_flower_shows_the_task(whole: WholeStack, job: str) -> None:
    assert whole.ended(job) == "completed"
    with whole.flower() as flower:
        tasks = wait_until(
            lambda: flower.get("/api/tasks", params={"state": "SUCCESS"}).json(), LIMIT_S, "a task of Flower's"
        )
    assert SHIFT_TASK in {task["name"] for task in tasks.values()}


def test_prometheus_reaches_everything_and_counts_what_was_transcribed(whole: WholeStack, job: str) -> None:
    assert whole.ended(job) == "completed"
    wanted = {address for addresses in whole.prometheus.targets.values() for address in addresses}

    def is_reached() -> bool:
        reached.update(whole.prometheus.reached())
        return reached == dict.fromkeys(wanted, "up")

    reached: dict[str, str] = {}
    with contextlib.suppress(AssertionError):
        wait_until(is_reached, LIMIT_S, "all targets", every_s=0.2)
    assert reached == dict.fromkeys(wanted, "up")

    completed = 'max(transcription_runs_ended_total{state="completed"})'
    wait_until(lambda: (whole.prometheus.value(completed) or 0) >= 1, LIMIT_S, "a run that is counted", every_s=0.2)


@pytest.mark.parametrize("path", ["/metrics", "/metrics/", "/stats", "/flower/", "/flower/metrics", "/docs"])
def test_what_is_for_operators_is_not_reached_through_the_front_door(whole: WholeStack, path: str) -> None:
    token = {"Authorization": f"Bearer {whole.secret('metrics_token')}"}
    answer = httpx.get(whole.nginx.address + path, headers=token, trust_env=False)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_no_log_tells_a_secret(whole: WholeStack) -> None:
    secrets = [file.read_text().strip() for file in (whole.processes.folder / "secrets").iterdir()]
    told = "".join(log.read_text() for log in (whole.processes.folder / "logs").glob("*.log"))
    assert told
    assert [secret for secret in secrets if len(secret) < 100 and secret in told] == []
