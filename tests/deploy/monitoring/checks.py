"""All checks of monitoring/, by name, and those of who may look in."""

import re
from pathlib import Path
from typing import Final

from tests.deploy.breakages import Check
from tests.deploy.monitoring import dashboard_checks, rule_checks

STARTED_IN: Final = ("docker-compose.yml", "deploy/k8s/base/flower.yaml")
"""Where Flower is started."""


def flower_is_shut(root: Path) -> list[str]:
    """Flower is started by our entry, which asks for a password, and its API is opened to nobody."""
    faults = []
    for name in STARTED_IN:
        text = (root / name).read_text("utf-8")
        words = " ".join(re.sub(r"(?m)^\s*-\s", " ", text).split())
        if "python -m beat.flower" not in words:
            faults.append(f"{name}: Flower is not started by beat.flower")
        if "UNAUTHENTICATED_API" in text:
            faults.append(f"{name}: Flower's API is open")
        if "--read_only=false" in words or "--read-only=false" in words:
            faults.append(f"{name}: Flower may stop workers")
    return faults


CHECKS: Final[tuple[Check, ...]] = (
    rule_checks.rules_are_read,
    rule_checks.everything_is_scraped,
    rule_checks.rules_find_metrics,
    rule_checks.nothing_is_counted_twice,
    rule_checks.alerts_are_explained,
    rule_checks.alerts_are_tried,
    dashboard_checks.dashboards_are_made,
    dashboard_checks.panels_ask,
    dashboard_checks.panels_have_their_place,
    dashboard_checks.panels_find_metrics,
    dashboard_checks.thresholds_are_the_alerts,
    dashboard_checks.source_is_provisioned,
    flower_is_shut,
)
