"""docker-compose.yml started for real: its commands, environments and health checks as plain processes, one recording through them."""

import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest
import redis

from tests.acceptance.live_stack import SAMPLES
from tests.deploy.breakages import ROOT
from tests.deploy.compose_processes import ComposeProcesses
from tests.waiting import wait_until

pytestmark = pytest.mark.needs("redis-server")

DOTENV = {"MODEL_SIZE": "demo", "WORKERS": "1", "REDIS_MAXMEMORY": "64mb", "WORKER_CPUS": "1"}
"""Smaller than as shipped, for a machine that does other things besides; the demo model needs no network."""

STARTED = ("api", "prepare", "worker", "house", "beat", "flower")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComposeProcesses]:
    folder = tmp_path_factory.mktemp("compose")
    subprocess.run([sys.executable, "scripts/make_secrets.py", str(folder / "secrets")], cwd=ROOT, check=True)
    with ComposeProcesses(folder, DOTENV) as processes:
        processes.start("redis")
        processes.wait_healthy("redis")
        fetched = processes.run("models")
        assert fetched.returncode == 0, fetched.stderr
        for service in STARTED:
            processes.start(service)
        yield processes


def secret(stack: ComposeProcesses, name: str) -> str:
    return (stack.folder / "secrets" / name).read_text().strip()


def redis_client(stack: ComposeProcesses, user: str, password: str | None) -> "redis.Redis":
    return redis.Redis(port=stack.port("redis", 6379), username=user, password=password, protocol=2)


@pytest.fixture(scope="module")
def client(stack: ComposeProcesses) -> Iterator[httpx.Client]:
    stack.wait_healthy("api")
    headers = {"X-API-Key": secret(stack, "api_key")}
    address = f"http://127.0.0.1:{stack.port('api', 8000)}"
    with httpx.Client(base_url=address, headers=headers, trust_env=False, timeout=30) as opened:
        yield opened


@pytest.mark.parametrize("service", STARTED)
def test_every_health_check_says_yes(stack: ComposeProcesses, service: str) -> None:
    stack.wait_healthy(service)


def test_a_recording_becomes_a_transcript(stack: ComposeProcesses, client: httpx.Client) -> None:
    sample = next(SAMPLES.glob("*.wav"), None) or next(SAMPLES.glob("*.flac"))
    with sample.open("rb") as file:
        answer = client.post("/transcribe", files={"file": (sample.name, file)})
    assert answer.status_code == 202, answer.text
    job = answer.json()["job_id"]
    ended = ("completed", "failed", "cancelled")
    wait_until(lambda: client.get(f"/status/{job}").json()["status"] in ended, 90, "the job's end", every_s=0.2)
    result = client.get(f"/result/{job}")
    assert result.status_code == 200, result.text
    assert result.json()["text"]


def test_nobody_is_served_without_a_key(client: httpx.Client) -> None:
    assert client.get("/jobs", headers={"X-API-Key": ""}).status_code == 401


def test_metrics_want_their_token(stack: ComposeProcesses, client: httpx.Client) -> None:
    outside = {"Host": "api"}
    assert client.get("/metrics", headers=outside).status_code == 404
    told = client.get("/metrics", headers=outside | {"Authorization": f"Bearer {secret(stack, 'metrics_token')}"})
    assert told.status_code == 200


def test_a_worker_tells_its_metrics(stack: ComposeProcesses) -> None:
    stack.wait_healthy("worker")
    told = httpx.get(f"http://127.0.0.1:{stack.port('worker', 9464)}/metrics", trust_env=False)
    assert "transcription_stage_duration_seconds" in told.text


def test_threat_19_flower_asks_for_its_password_and_changes_nothing(stack: ComposeProcesses) -> None:
    stack.wait_healthy("flower")
    address = f"http://127.0.0.1:{stack.port('flower', 5555)}/flower/workers"
    assert httpx.get(address, trust_env=False).status_code == 401
    login = ("stenopool", secret(stack, "flower_password"))
    assert httpx.get(address, auth=login, trust_env=False).status_code == 200
    shutdown = address.replace("/workers", "/api/worker/shutdown/x")
    assert httpx.post(shutdown, auth=login, trust_env=False).status_code in (403, 405)


def test_threat_18_redis_lets_in_nobody_without_a_password(stack: ComposeProcesses) -> None:
    with redis_client(stack, "default", None) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()


@pytest.mark.parametrize(
    "command",
    ["FLUSHALL", "CONFIG GET *", "CONFIG SET maxmemory-policy allkeys-lru", "SHUTDOWN", "KEYS *", "REPLICAOF x 1",
     "ACL LIST", "MONITOR", "SAVE"],
    ids=lambda command: command.split()[0].lower(),
)  # fmt: skip
def test_threat_18_the_password_of_the_processes_has_few_rights(stack: ComposeProcesses, command: str) -> None:
    ours = redis_client(stack, "default", secret(stack, "redis_password"))
    with ours, pytest.raises(redis.exceptions.NoPermissionError):
        ours.execute_command(*command.split())  # type: ignore[no-untyped-call]  # It has no types.


def test_redis_is_as_the_ledger_needs_it(stack: ComposeProcesses) -> None:
    with redis_client(stack, "admin", secret(stack, "redis_admin_password")) as admin:
        found = {name: admin.config_get(name)[name] for name in ("maxmemory-policy", "appendonly", "maxmemory", "save")}
    assert found == {"maxmemory-policy": "noeviction", "appendonly": "yes", "maxmemory": str(64 << 20), "save": ""}


def test_nothing_is_written_but_to_volumes(stack: ComposeProcesses) -> None:
    for service in STARTED:
        stack.wait_healthy(service)
    assert list(stack.working_dir.iterdir()) == []


def test_no_process_complains_of_a_missing_right(stack: ComposeProcesses) -> None:
    told = {log.name: log.read_text() for log in (stack.folder / "logs").glob("*.log")}
    assert [name for name, text in told.items() if "NOPERM" in text or "no permissions" in text] == []
