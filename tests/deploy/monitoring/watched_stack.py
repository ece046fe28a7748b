"""A whole stack that is watched: processes of ours, Flower, and Prometheus with the shipped configuration, on loopback."""

import re
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from stenopool.local.commands import Choice
from stenopool.local.ports import LOOPBACK, free_port
from stenopool.local.processes import Child, Command
from stenopool.settings import child_environment
from tests.acceptance.live_stack import People, live_stack
from tests.deploy.breakages import ROOT
from tests.waiting import wait_until

LOGIN = ("olga", secrets.token_urlsafe(24))
TOKEN = secrets.token_urlsafe(24)
START_LIMIT_S = 60.0


@dataclass
class Watched:
    """The stack, and where its parts are looked at."""

    people: People
    targets: dict[str, str]
    """Job of Prometheus -> host and port."""

    @property
    def flower(self) -> httpx.Client:
        """A client of Flower that has the password."""
        return httpx.Client(base_url=f"http://{self.targets['flower']}/flower", auth=LOGIN, trust_env=False)

    def ask(self, path: str, **parameters: str) -> Any:
        """Prometheus' answer."""
        address = f"http://{self.targets['prometheus']}/api/v1/{path}"
        answer = httpx.get(address, params=parameters, trust_env=False, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def value(self, query: str) -> float | None:
        """The one value of an instant query; None where there is none."""
        found = self.ask("query", query=query)["result"]
        return float(found[0]["value"][1]) if found else None

    def exposition(self, job: str) -> str:
        """What a target tells now."""
        path = "/flower/metrics" if job == "flower" else "/metrics"
        answer = httpx.get(f"http://{self.targets[job]}{path}", trust_env=False, timeout=10)
        assert answer.status_code == 200
        return answer.text


@contextmanager
def watched_stack(redis_binary: Path, folder: Path) -> Iterator[Watched]:
    """Everything, ready for work and scraped twice a second."""
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        for name, value in {
            "ALLOW_FAKE_ENGINE": "true",
            "WORKER_METRICS_PORT": "0",
            "METRICS_TOKEN": TOKEN,
            "LOG_FORMAT": "json",
        }.items():
            patch.setenv(name, value)
        people = stack.enter_context(live_stack(redis_binary, folder / "data", Choice("fake", "fake")))
        targets = {
            "api": people.stack.place.address.removeprefix("http://"),
            "prepare": _port_told(people, "prepare"),
            "worker": _port_told(people, "recognise"),
            "house": _port_told(people, "house"),
            "flower": f"{LOOPBACK}:{free_port()}",
            "prometheus": f"{LOOPBACK}:{free_port()}",
        }
        watched = Watched(people, targets)
        _start(stack, _flower(people, folder, targets["flower"]))
        _start(stack, _prometheus(folder, targets))
        with watched.flower as flower:
            wait_until(lambda: _answers(flower), START_LIMIT_S, "Flower")
        yield watched


def _port_told(people: People, process: str) -> str:
    log = people.stack.place.logs / f"{process}.log"
    found = wait_until(
        lambda: re.search(r'"port": (\d+).*"metrics_served"|"metrics_served".*"port": (\d+)', log.read_text()),
        START_LIMIT_S,
        f"the metrics of {process}",
    )
    assert found is not None
    return f"{LOOPBACK}:{found[1] or found[2]}"


def _start(stack: ExitStack, command: Command) -> None:
    child = Child(command)
    stack.callback(child.kill)


def _flower(people: People, folder: Path, target: str) -> Command:
    password = folder / "flower-password"
    password.write_text(":".join(LOGIN))
    settings = {
        "REDIS_URL": people.redis.url,
        "DATA_DIR": str(folder / "flower"),
        "FLOWER_BASIC_AUTH_FILE": str(password),
        "ENVIRONMENT": "production",
        "LOG_FORMAT": "json",
        "PYTHONPATH": str(ROOT),
    }
    port = target.rpartition(":")[2]
    argv = [sys.executable, "-m", "beat.flower", f"--port={port}"]
    # Metrics of prometheus_client's in several processes are not Flower's.
    return Command("flower", argv, folder / "flower.log", child_environment(settings), folder)


def _prometheus(folder: Path, targets: dict[str, str]) -> Command:
    home = folder / "prometheus"
    shutil.copytree(ROOT / "monitoring/prometheus", home)
    (folder / "metrics_token").write_text(TOKEN)
    config: dict[str, Any] = yaml.safe_load((home / "prometheus.yml").read_text())
    config["global"].update(scrape_interval="500ms", scrape_timeout="500ms", evaluation_interval="1s")
    for job in config["scrape_configs"]:
        # What is told apart from the shipped file: who is where, and where secrets lie.
        assert job.pop("dns_sd_configs", None) or job.pop("static_configs")
        job["static_configs"] = [{"targets": [targets[job["job_name"]]]}]
        if "authorization" in job:
            job["authorization"]["credentials_file"] = str(folder / "metrics_token")
        if "basic_auth" in job:
            job["basic_auth"]["password_file"] = str(folder / "metrics_token")
    (home / "prometheus.yml").write_text(yaml.safe_dump(config))
    program = shutil.which("prometheus") or "prometheus"
    argv = [
        program,
        f"--config.file={home / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address={targets['prometheus']}",
    ]
    return Command("prometheus", argv, folder / "prometheus.log", child_environment({}), folder)


def _answers(flower: httpx.Client) -> bool:
    try:
        return flower.get("/healthcheck").status_code == 200
    except httpx.TransportError:
        return False
