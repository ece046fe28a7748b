"""Checks of monitoring/prometheus: who is scraped, what is recorded, what alerts and is tried and explained."""

import re
from pathlib import Path
from typing import Any, Final

import yaml

from tests.deploy.monitoring.expressions import READ_FROM_LEDGER, RULES, Rule, faults_of, promtool, rules

CONFIG: Final = "monitoring/prometheus/prometheus.yml"
PAGE: Final = "docs/how-to/alerts.md"
CASES: Final = "tests/deploy/monitoring"

PORTS: Final = {"api": 8000, "worker": 9464, "prepare": 9464, "house": 9464, "flower": 5555}
"""Where each service of docker-compose.yml tells its metrics."""

_PARTS: Final = ("**Means.**", "**Look at.**", "**Do.**")
_SUMMED: Final = re.compile(r"sum(?: by \([^)]*\))? ?\((?:rate\(|increase\()?(transcription_\w+)")


def rules_are_read(root: Path) -> list[str]:
    """Prometheus reads rules and configuration."""
    files = sorted((root / RULES).glob("*.yml"))
    return promtool("check", "rules", *files) + promtool("check", "config", "--syntax-only", root / CONFIG)


def everything_is_scraped(root: Path) -> list[str]:
    """Each service with metrics is a job of that name, by DNS and on its port, the API with its token."""
    config: dict[str, Any] = yaml.safe_load((root / CONFIG).read_text("utf-8"))
    jobs = {job["job_name"]: job for job in config["scrape_configs"]}
    services = yaml.safe_load((root / "docker-compose.yml").read_text("utf-8"))["services"]
    faults = [f"no job {name}" for name in PORTS.keys() | {"prometheus"} if name not in jobs]
    for name, port in PORTS.items():
        found = jobs.get(name, {}).get("dns_sd_configs")
        if found is None or [(at["names"], at["type"], at["port"]) for at in found] != [([name], "A", port)]:
            faults.append(f"{name}: not every replica on {port} is found by DNS")
        if name not in services:
            faults.append(f"docker-compose.yml has no service {name}")
    if jobs.get("api", {}).get("authorization", {}).get("credentials_file") != "/run/secrets/metrics_token":
        faults.append("the API would not let Prometheus in")
    if jobs.get("flower", {}).get("metrics_path") != "/flower/metrics":
        faults.append("Flower lies below /flower")
    mounted = services["prometheus"]["secrets"]
    read = re.findall(r"/run/secrets/(\w+)", (root / CONFIG).read_text("utf-8"))
    return faults + [f"docker-compose.yml does not give {name} to Prometheus" for name in read if name not in mounted]


def rules_find_metrics(root: Path) -> list[str]:
    """Every metric, label and value that a rule names is one that somebody tells."""
    found = rules(root)
    recorded = [rule.name for rule in found if not rule.is_alert]
    return [f"{rule.name}: {fault}" for rule in found for fault in faults_of(rule.expression, recorded)]


def nothing_is_counted_twice(root: Path) -> list[str]:
    """What every API server reads from the one ledger is not added up over them."""
    return [
        f"{rule.name} adds up {name}"
        for rule in rules(root)
        for name in _SUMMED.findall(rule.expression)
        if re.sub(r"_(bucket|sum|count)$", "", name) in READ_FROM_LEDGER
    ]


def alerts_are_explained(root: Path) -> list[str]:
    """Each alert says how bad it is and what it means, and leads to a section that says what to do; none is left over."""
    page = (root / PAGE).read_text("utf-8")
    sections = {part.splitlines()[0]: part for part in page.split("\n## ")[1:]}
    alerts = _alerts(root)
    faults = [f"{PAGE}: nothing alerts of {title}" for title in sections.keys() - alerts.keys() - {"In general"}]
    for name, rule in alerts.items():
        notes = rule.text.get("annotations", {})
        faults += [f"{name} has no {part}" for part in ("summary", "description") if not notes.get(part)]
        if rule.text.get("labels", {}).get("severity") not in ("warning", "critical"):
            faults.append(f"{name} has no severity")
        if notes.get("runbook_url") != f"{PAGE}#{name.lower()}":
            faults.append(f"{name} leads to no section of its own")
        faults += [f"{PAGE}: {name} lacks {part}" for part in _PARTS if part not in sections.get(name, "")]
    return faults


def alerts_are_tried(root: Path) -> list[str]:
    """Each alert has a case in which it fires, not before its time, and one in which it does not; all come out so."""
    files = sorted((root / CASES).glob("*.test.yml"))
    cases = {
        case["name"]: [test["exp_samples"] != [] for test in case["promql_expr_test"]]
        for file in files
        for case in yaml.safe_load(file.read_text("utf-8"))["tests"]
    }
    faults = []
    for name in _alerts(root):
        if cases.get(f"{name} fires") != [False, True]:
            faults.append(f"{name}: no case in which it waits and fires")
        if cases.get(f"{name} is silent") != [False]:
            faults.append(f"{name}: no case in which it is silent")
    # Seconds of work, for what already shows: file by file, until one comes out otherwise.
    return faults or next((found for file in files if (found := promtool("test", "rules", file))), [])


def _alerts(root: Path) -> dict[str, Rule]:
    return {rule.name: rule for rule in rules(root) if rule.is_alert}
