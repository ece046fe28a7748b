"""The manifests of deploy/k8s are in order, as far as can be told without a cluster."""

import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.deploy.breakages import ROOT, Check, as_shipped
from tests.deploy.k8s import pod_checks
from tests.deploy.k8s.checks import CHECKS
from tests.deploy.k8s.installation import Installation, installations
from tests.deploy.k8s.schema_checks import keda_faults

K8S = ROOT / "deploy/k8s"

OLDEST_CLUSTER = "1.30"


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.replace("_", "-"))
def test_the_manifests_are_in_order(check: Check) -> None:
    assert as_shipped(check) == ()


def test_the_oldest_cluster_that_is_served_takes_them() -> None:
    """The manual says from which version on; the newest one is asked by the checks."""
    assert f"Kubernetes {OLDEST_CLUSTER} and newer" in (ROOT / "docs/how-to/install-on-kubernetes.md").read_text()
    for manifest in installations(ROOT)[1].manifests:
        if not manifest["apiVersion"].startswith("keda.sh/"):
            kubernetes_validate.validate(manifest, OLDEST_CLUSTER, strict=True)


def test_threat_28_no_pod_has_a_right_that_it_could_be_robbed_of() -> None:
    assert pod_checks.restricted(ROOT) == []
    assert [len(found.pods()) for found in installations(ROOT)] == [7, 7]


def test_no_secret_has_a_value() -> None:
    lines = (K8S / "secrets.env.example").read_text().splitlines()
    assert [line for line in lines if line and not line.startswith("#") and not line.endswith("=")] == []
    assert (
        subprocess.run(["git", "check-ignore", "-q", "deploy/k8s/secrets.env"], cwd=ROOT, check=False).returncode == 0
    )


@pytest.fixture
def scaled_object() -> dict[str, Any]:
    return installations(ROOT)[0].one("ScaledObject", "worker")


def test_a_misspelt_field_of_keda_is_found(scaled_object: dict[str, Any]) -> None:
    spec = {**scaled_object["spec"], "minReplicas": 1}
    assert "minReplicas" in keda_faults({**scaled_object, "spec": spec})[0]


def test_a_number_where_keda_wants_a_text_is_found(scaled_object: dict[str, Any]) -> None:
    trigger = scaled_object["spec"]["triggers"][0]
    broken = {**trigger, "metadata": {**trigger["metadata"], "listLength": 1}}
    assert keda_faults({**scaled_object, "spec": {**scaled_object["spec"], "triggers": [broken]}})


def scrape_jobs() -> dict[str, dict[str, Any]]:
    told = yaml.safe_load((K8S / "prometheus/scrape.yaml").read_text())
    return {job["job_name"]: job for job in told["scrape_configs"]}


@pytest.mark.parametrize("found", installations(ROOT), ids=lambda found: found.overlay)
def test_prometheus_asks_the_pods_that_tell_metrics(found: Installation) -> None:
    """Names without a fixed address, so that DNS gives every pod, at the port where they tell."""
    asked = {}
    for job in scrape_jobs().values():
        (discovery,) = job["dns_sd_configs"]
        (name,) = discovery["names"]
        service = found.one("Service", name.removesuffix(".stenopool.svc.cluster.local"))
        # Only where there is one pod may its Service have an address of its own.
        assert service["spec"].get("clusterIP") == "None" or name.startswith("flower.")
        (pod,) = found.selected({"matchLabels": service["spec"]["selector"]})
        assert discovery["port"] == service["spec"]["ports"][0]["port"]
        asked[pod.component] = discovery["port"]
    assert asked == {"api": 8000, "worker": 9464, "prepare": 9464, "house": 9464, "flower": 5555}


def test_the_jobs_are_those_of_a_single_host() -> None:
    """Rules and dashboards rely on the names."""
    told = yaml.safe_load((ROOT / "monitoring/prometheus/prometheus.yml").read_text())
    theirs = {job["job_name"]: job for job in told["scrape_configs"] if job["job_name"] != "prometheus"}
    ours = scrape_jobs()
    assert ours.keys() == theirs.keys()
    for name, job in ours.items():
        assert job.get("metrics_path") == theirs[name].get("metrics_path")
        assert job["dns_sd_configs"][0]["port"] == theirs[name]["dns_sd_configs"][0]["port"]


def test_the_api_is_asked_with_its_token() -> None:
    jobs = scrape_jobs()
    assert [name for name, job in jobs.items() if "credentials_file" in job.get("authorization", {})] == ["api"]


@pytest.mark.needs("promtool")
def test_promtool_takes_the_scrape_configuration(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("made up")
    text = (K8S / "prometheus/scrape.yaml").read_text()
    (tmp_path / "prometheus.yml").write_text(
        text.replace("/etc/prometheus/secrets/metrics_token", str(tmp_path / "token"))
    )
    command = ["promtool", "check", "config", str(tmp_path / "prometheus.yml")]
    assert subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0
