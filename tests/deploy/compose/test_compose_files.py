"""The compose files, as far as they can be looked at without an engine; started for real in test_live_compose.py."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.deploy.breakages import ROOT, Check, as_shipped
from tests.deploy.compose import checks, rights
from tests.deploy.compose.compose_file import BASE, GPU, LARGE, services


@pytest.mark.parametrize("check", [*checks.CHECKS, *rights.CHECKS], ids=lambda check: check.__name__)
def test_the_compose_files_are_in_order(check: Check) -> None:
    assert as_shipped(check) == ()


def test_threat_28_containers_have_few_rights_and_few_ways_out() -> None:
    assert [
        fault for check in (rights.check_rights, rights.check_networks, checks.check_limits) for fault in check(ROOT)
    ] == []


def podman_compose(tmp_path: Path) -> list[str]:
    """podman-compose with a podman that does nothing: to merge files it asks for its version, and for nothing else."""
    podman = tmp_path / "podman"
    podman.write_text("#!/bin/sh\necho podman version 4.3.1\n")
    podman.chmod(0o755)
    return [str(Path(sys.executable).with_name("podman-compose")), "--podman-path", str(podman)]


def test_a_tool_of_others_reads_the_same_from_them(tmp_path: Path) -> None:
    names = (BASE, LARGE, GPU)
    files = [word for name in names for word in ("-f", name)]
    done = subprocess.run(
        [*podman_compose(tmp_path), *files, "--profile", "monitoring", "config"],
        cwd=ROOT,
        env=os.environ | {"COMPOSE_PROFILES": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    merged = yaml.safe_load(done.stdout)["services"]
    ours = services(ROOT, *names)
    assert merged.keys() == ours.keys()
    for name, service in ours.items():
        for part in ("image", "command", "environment", "deploy", "healthcheck", "networks", "secrets"):
            assert merged[name].get(part) == service.get(part), (name, part)


def test_what_env_says_reaches_the_files() -> None:
    found = services(ROOT, variables={"WORKER_REPLICAS": "7", "BIND_ADDRESS": "192.0.2.1:8080"})
    assert found["worker"]["deploy"]["replicas"] == "7"
    assert found["nginx"]["ports"] == ["192.0.2.1:8080:80", "127.0.0.1:8080:8080"]
