"""docker-compose.yml started for real: its commands, environments and health checks as plain processes."""

from collections.abc import Iterator

import httpx
import pytest
import redis

from tests.acceptance.live_stack import SAMPLES
from tests.deploy.compose_processes import ComposeProcesses
from tests.deploy.whole_stack import COUNTS, WholeStack

pytestmark = pytest.mark.needs("redis-server", "nginx", "promtool")

STARTED = tuple(COUNTS)


@pytest.fixture
def stack(whole: WholeStack) -> ComposeProcesses:
    return whole.processes


def secret(stack: ComposeProcesses, name: str) -> str:
    return (stack.folder / "secrets" / name).read_text().strip()


def redis_client(stack: ComposeProcesses, user: str, password: str | None) -> "redis.Redis":
    return redis.Redis(port=stack.port("redis", 6379), username=user, password=password, protocol=2)


@pytest.fixture
def client(stack: ComposeProcesses) -> Iterator[httpx.Client]:
    """One that goes to the API itself, past nginx."""
    headers = {"X-API-Key": secret(stack, "api_key")}
    address = f"http://{stack.address('api', 8000)}"
    with httpx.Client(base_url=address, headers=headers, trust_env=False, timeout=30) as opened:
        yield opened


@pytest.mark.parametrize("service", STARTED)
def test_every_health_check_says_yes(stack: ComposeProcesses, service: str) -> None:
    assert stack.check(service).returncode == 0


def test_nobody_is_served_without_a_key(client: httpx.Client) -> None:
    assert client.get("/jobs", headers={"X-API-Key": ""}).status_code == 401


def test_metrics_want_their_token(stack: ComposeProcesses, client: httpx.Client) -> None:
    outside = {"Host": "api"}
    assert client.get("/metrics", headers=outside).status_code == 404
    told = client.get("/metrics", headers=outside | {"Authorization": f"Bearer {secret(stack, 'metrics_token')}"})
    assert told.status_code == 200


def test_the_workers_tell_what_they_did(whole: WholeStack, stack: ComposeProcesses) -> None:
    assert whole.ended(whole.submit(SAMPLES / "demo.ogg")) == "completed"
    workers = [stack.address("worker", 9464, number) for number in range(1, COUNTS["worker"] + 1)]
    told = [httpx.get(f"http://{worker}/metrics", trust_env=False).text for worker in workers]
    assert "transcription_stage_duration_seconds" in "".join(told)


def test_threat_19_flower_asks_for_its_password_and_changes_nothing(stack: ComposeProcesses) -> None:
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
    assert list(stack.working_dir.iterdir()) == []


def test_no_process_complains_of_a_missing_right(stack: ComposeProcesses) -> None:
    told = {log.name: log.read_text() for log in (stack.folder / "logs").glob("*.log")}
    assert [name for name, text in told.items() if "NOPERM" in text or "no permissions" in text] == []
