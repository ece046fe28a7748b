"""Flower and Prometheus watch a running stack, each as it is shipped."""

import json

import httpx
import pytest

from stenopool import metrics
from stenopool.instruments import names
from stenopool.queueing.bell import Bell
from stenopool.queueing.names import EMPTY_BELL, PREPARE, SHIFT_TASK
from stenopool.redis_pools import redis_client
from stenopool.settings import load_settings
from tests.acceptance.live_stack import SAMPLES
from tests.deploy.breakages import ROOT
from tests.deploy.monitoring.dashboard_checks import FOLDER
from tests.deploy.monitoring.expressions import metrics_in, rules
from tests.deploy.whole_stack import WholeStack
from tests.integration.metrics.exposed import samples
from tests.waiting import wait_until

pytestmark = pytest.mark.needs("redis-server", "nginx", "promtool")

LIMIT_S = 30.0


@pytest.fixture(scope="module")
def watched(whole: WholeStack, tmp_path_factory: pytest.TempPathFactory) -> WholeStack:
    """The one stack, which has transcribed one recording and failed at another."""
    good = whole.submit(SAMPLES / "demo.mp3")
    bad = tmp_path_factory.mktemp("watched") / "bad.m4a"
    bad.write_bytes((SAMPLES / "demo.m4a").read_bytes()[:400])
    assert whole.ended(good) == "completed"
    assert whole.ended(whole.submit(bad)) == "failed"
    with whole.client() as client:
        # A client is told an error, and a job is deleted: what some metrics wait for.
        assert client.get("/status/nobody").status_code == 404
        assert client.delete(f"/job/{good}").status_code == 200
    # More bells than work: the next sweep rings like that, too.
    Bell(load_settings({"REDIS_URL": whole.redis_url})).ring({PREPARE: 2})
    return whole


def test_threat_19_flower_and_its_api_are_shut_without_the_password(watched: WholeStack) -> None:
    with watched.flower() as flower:
        base = str(flower.base_url)
    for path in ("", "workers", "tasks", "api/tasks", "api/workers"):
        assert httpx.get(base + path, trust_env=False).status_code == 401, path
        assert httpx.get(base + path, auth=("stenopool", "guess"), trust_env=False).status_code == 401, path


def test_flower_only_looks(watched: WholeStack) -> None:
    with watched.flower() as flower:
        # Asked anew: what it lists by itself are those that ran when it was started.
        ask = {"refresh": "1"}
        seen = wait_until(
            lambda: list(flower.get("/api/workers", params=ask, timeout=30).json()), LIMIT_S, "a worker", every_s=0.5
        )
        assert flower.post(f"/api/worker/shutdown/{seen[0]}").status_code in (403, 405)


def test_a_failed_transcription_is_a_failed_task_with_its_code(watched: WholeStack) -> None:
    with watched.flower() as flower:
        failed = wait_until(
            lambda: flower.get("/api/tasks", params={"state": "FAILURE"}).json(), LIMIT_S, "a failed task"
        )
        (task,) = failed.values()
        assert task["name"] == SHIFT_TASK
        assert task["exception"].startswith("undecodable_media: 1 unit: ")
        assert not task["traceback"]


def test_a_bell_that_found_nothing_goes_under_another_name(watched: WholeStack) -> None:
    def shown() -> dict[str, set[str]]:
        found: dict[str, set[str]] = {SHIFT_TASK: set(), EMPTY_BELL: set()}
        with watched.flower() as flower:
            for task in flower.get("/api/tasks", params={"state": "SUCCESS"}).json().values():
                found.setdefault(task["name"], set()).add(task["result"])
        return found

    found = wait_until(lambda: shown() if all(shown().values()) else None, LIMIT_S, "bells of both kinds")
    assert found is not None
    assert all(" unit" in line for line in found[SHIFT_TASK])
    assert not any(" unit" in line for line in found[EMPTY_BELL])


def test_a_worker_that_told_a_failure_goes_on_and_its_bell_is_gone(watched: WholeStack) -> None:
    assert [name for name, child in watched.processes.children.items() if child.exit_code is not None] == []
    with redis_client(watched.redis_url) as client:
        wait_until(lambda: not client.zcard("steno:bell:unacked_index"), LIMIT_S, "acknowledged bells")


def test_the_rules_are_loaded_and_in_health(watched: WholeStack) -> None:
    def rules() -> list[dict[str, str]]:
        return [rule for group in watched.prometheus.ask("rules")["groups"] for rule in group["rules"]]

    wait_until(lambda: all(rule["health"] == "ok" for rule in rules()), LIMIT_S, "rules that were evaluated")
    assert len(rules()) > 30
    assert {rule["lastError"] for rule in rules() if "lastError" in rule} == set()


def test_what_rules_and_panels_look_at_is_told_by_some_process(watched: WholeStack) -> None:
    """But for a GPU: what a worker tells of one is tried with a stand-in, and declared in the one file of metrics."""
    looked_at = names_looked_at()
    by_gpu = set(names(metrics.OF_GPU)) & looked_at
    told: set[str] = set()

    def missing() -> set[str]:
        told.update(name for text in watched.expositions() for name in samples(text))
        return looked_at - told - by_gpu

    wait_until(lambda: not missing(), LIMIT_S, f"every metric, not {missing()}", every_s=0.5)
    assert not by_gpu & told


def test_every_recording_has_a_value(watched: WholeStack) -> None:
    recorded = {rule.name for rule in rules(ROOT) if not rule.is_alert}

    def without() -> set[str]:
        # What is recorded of looks at results begins with one.
        with watched.client() as client:
            client.get("/jobs")
        return {name for name in recorded if watched.prometheus.value(name) is None}

    wait_until(lambda: not without(), LIMIT_S, "a value of each recording", every_s=0.5)


def names_looked_at() -> set[str]:
    boards = [json.loads(file.read_text()) for file in (ROOT / FOLDER).glob("*.json")]
    shown = [target["expr"] for board in boards for panel in board["panels"] for target in panel.get("targets", ())]
    named = set().union(*map(metrics_in, [*shown, *(rule.expression for rule in rules(ROOT))]))
    return {name for name in named if name.startswith(("transcription_", "flower_"))}
