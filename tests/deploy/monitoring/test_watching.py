"""Flower and Prometheus watch a running stack, each as it is shipped."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from stenopool import metrics
from stenopool.instruments import names
from stenopool.queueing.bell import Bell
from stenopool.queueing.names import EMPTY_BELL, PREPARE, SHIFT_TASK
from stenopool.settings import load_settings
from tests.acceptance.live_stack import SAMPLES, write_tone
from tests.deploy.breakages import ROOT
from tests.deploy.monitoring.dashboard_checks import FOLDER
from tests.deploy.monitoring.expressions import metrics_in, rules
from tests.deploy.monitoring.watched_stack import Watched, watched_stack
from tests.integration.metrics.exposed import samples
from tests.waiting import wait_until

pytestmark = pytest.mark.needs("promtool", "redis")

LIMIT_S = 30.0


@pytest.fixture(scope="module")
def watched(redis_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """One stack for all, which has transcribed one recording and failed at another."""
    folder = tmp_path_factory.mktemp("watched")
    with watched_stack(redis_binary, folder) as watched:
        good = watched.people.submit(write_tone(folder / "good.wav", 2))["job_id"]
        bad = folder / "bad.m4a"
        bad.write_bytes((SAMPLES / "demo.m4a").read_bytes()[:400])
        assert watched.people.ended(good)["status"] == "completed"
        assert watched.people.ended(watched.people.submit(bad)["job_id"])["status"] == "failed"
        # A client is told an error, and a job is deleted: what some metrics wait for.
        assert watched.people.http.get("/status/nobody").status_code == 404
        assert watched.people.http.delete(f"/job/{good}").status_code == 200
        # More bells than work: the next sweep rings like that, too.
        Bell(load_settings({"REDIS_URL": watched.people.redis.url})).ring({PREPARE: 2})
        yield watched


def test_threat_19_flower_and_its_api_are_shut_without_the_password(watched: Watched) -> None:
    base = f"http://{watched.targets['flower']}/flower"
    for path in ("/", "/workers", "/tasks", "/api/tasks", "/api/workers"):
        assert httpx.get(base + path, trust_env=False).status_code == 401, path
        assert httpx.get(base + path, auth=("olga", "guess"), trust_env=False).status_code == 401, path


def test_flower_only_looks(watched: Watched) -> None:
    with watched.flower as flower:
        seen = wait_until(lambda: list(flower.get("/api/workers").json()), LIMIT_S, "a worker")
        assert flower.post(f"/api/worker/shutdown/{seen[0]}").status_code in (403, 405)


def test_a_failed_transcription_is_a_failed_task_with_its_code(watched: Watched) -> None:
    with watched.flower as flower:
        failed = wait_until(
            lambda: flower.get("/api/tasks", params={"state": "FAILURE"}).json(), LIMIT_S, "a failed task"
        )
        (task,) = failed.values()
        assert task["name"] == SHIFT_TASK
        assert task["exception"].startswith("undecodable_media: 1 unit: ")
        assert not task["traceback"]


def test_a_bell_that_found_nothing_goes_under_another_name(watched: Watched) -> None:
    def shown() -> dict[str, set[str]]:
        found: dict[str, set[str]] = {SHIFT_TASK: set(), EMPTY_BELL: set()}
        with watched.flower as flower:
            for task in flower.get("/api/tasks", params={"state": "SUCCESS"}).json().values():
                found.setdefault(task["name"], set()).add(task["result"])
        return found

    found = wait_until(lambda: shown() if all(shown().values()) else None, LIMIT_S, "bells of both kinds")
    assert found is not None
    assert all(" unit" in line for line in found[SHIFT_TASK])
    assert not any(" unit" in line for line in found[EMPTY_BELL])


def test_a_worker_that_told_a_failure_goes_on_and_its_bell_is_gone(watched: Watched) -> None:
    watched.people.stack.watch()
    with watched.people.redis.client() as client:
        wait_until(lambda: not client.zcard("steno:bell:unacked_index"), LIMIT_S, "acknowledged bells")


def test_prometheus_reaches_every_target(watched: Watched) -> None:
    def healths() -> dict[str, str]:
        return {t["labels"]["job"]: t["health"] for t in watched.ask("targets")["activeTargets"]}

    wait_until(lambda: set(healths().values()) == {"up"}, LIMIT_S, "all targets up")
    assert set(healths()) == set(watched.targets)


def test_the_rules_are_loaded_and_in_health(watched: Watched) -> None:
    def rules() -> list[dict[str, str]]:
        return [rule for group in watched.ask("rules")["groups"] for rule in group["rules"]]

    wait_until(lambda: all(rule["health"] == "ok" for rule in rules()), LIMIT_S, "rules that were evaluated")
    assert len(rules()) > 30
    assert {rule["lastError"] for rule in rules() if "lastError" in rule} == set()


def test_what_rules_and_panels_look_at_is_told_by_some_process(watched: Watched) -> None:
    """But for a GPU: what a worker tells of one is tried with a stand-in, and declared in the one file of metrics."""
    looked_at = names_looked_at()
    by_gpu = set(names(metrics.OF_GPU)) & looked_at
    told: set[str] = set()

    def missing() -> set[str]:
        told.update(name for job in watched.targets if job != "prometheus" for name in samples(watched.exposition(job)))
        return looked_at - told - by_gpu

    wait_until(lambda: not missing(), LIMIT_S, f"every metric, not {missing()}", every_s=0.5)
    assert not by_gpu & told


def test_every_recording_has_a_value(watched: Watched) -> None:
    """But for the share of Redis' memory, which has no limit here."""
    recorded = {rule.name for rule in rules(ROOT) if not rule.is_alert} - {"stenopool:redis_memory:ratio"}

    def without() -> set[str]:
        # What is recorded of looks at results begins with one.
        watched.people.http.get("/jobs")
        return {name for name in recorded if watched.value(name) is None}

    wait_until(lambda: not without(), LIMIT_S, "a value of each recording", every_s=0.5)


def names_looked_at() -> set[str]:
    boards = [json.loads(file.read_text()) for file in (ROOT / FOLDER).glob("*.json")]
    shown = [target["expr"] for board in boards for panel in board["panels"] for target in panel.get("targets", ())]
    named = set().union(*map(metrics_in, [*shown, *(rule.expression for rule in rules(ROOT))]))
    return {name for name in named if name.startswith(("transcription_", "flower_"))}
