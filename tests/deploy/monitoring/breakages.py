"""What goes wrong with the monitoring, each with the check that must see it."""

from typing import Final

from tests.deploy.breakages import Breakage, Check
from tests.deploy.monitoring import checks, dashboard_checks, rule_checks

_ALERTS: Final = "monitoring/prometheus/rules/alerts.yml"
_RECORDS: Final = "monitoring/prometheus/rules/recording.yml"
_CONFIG: Final = rule_checks.CONFIG
_OPERATIONS: Final = "monitoring/grafana/dashboards/operations.json"


def _broken(name: str, path: str, old: str, new: str, check: Check) -> Breakage:
    return Breakage(f"monitoring {name}", path, old, new, check)


BREAKAGES: Final[tuple[Breakage, ...]] = (
    _broken("a metric of a rule is renamed", _RECORDS, "_queue_age_", "_queue_wait_", rule_checks.rules_find_metrics),
    _broken("a label is misspelt", _ALERTS, 'ending="failed"', 'end="failed"', rule_checks.rules_find_metrics),
    _broken("a reason does not exist", _ALERTS, "worker_lost", "worker_gone", rule_checks.rules_find_metrics),
    _broken(
        "one count is added up over API servers",
        _RECORDS,
        "max by (stage) (increase(transcription_leases",
        "sum by (stage) (increase(transcription_leases",
        rule_checks.nothing_is_counted_twice,
    ),
    _broken(
        "a rule is no expression",
        _ALERTS,
        "max(transcription_units",
        "max((transcription_units",
        rule_checks.rules_are_read,
    ),
    _broken("an alert does not wait", _ALERTS, "        for: 5m\n", "", rule_checks.alerts_are_tried),
    _broken(
        "a runbook is elsewhere", _ALERTS, "alerts.md#noworker", "alerts.md#noworkers", rule_checks.alerts_are_explained
    ),
    _broken("a runbook is gone", rule_checks.PAGE, "\n## DiskFull\n", "\n", rule_checks.alerts_are_explained),
    _broken(
        "an alert has no severity", _ALERTS, "severity: critical", "team: nobody", rule_checks.alerts_are_explained
    ),
    _broken(
        "a replica is not scraped", _CONFIG, "names: [worker]", "names: [worker-1]", rule_checks.everything_is_scraped
    ),
    _broken("a port is swapped", _CONFIG, "port: 9464", "port: 9646", rule_checks.everything_is_scraped),
    _broken("the token is missing", _CONFIG, "credentials_file", "credentials", rule_checks.everything_is_scraped),
    _broken(
        "a panel asks for a metric that is gone",
        _OPERATIONS,
        "listeners)",
        "hearers)",
        dashboard_checks.panels_find_metrics,
    ),
    _broken(
        "a threshold is not the alert's",
        _OPERATIONS,
        '"value": 1800',
        '"value": 3600',
        dashboard_checks.thresholds_are_the_alerts,
    ),
    _broken("a unit is wrong", _OPERATIONS, '"unit": "s"', '"unit": "short"', dashboard_checks.panels_ask),
    _broken("a panel lies on another", _OPERATIONS, '"x": 8', '"x": 7', dashboard_checks.panels_have_their_place),
    _broken(
        "a title asks nothing", _OPERATIONS, "Is anybody waiting too long?", "Queue age", dashboard_checks.panels_ask
    ),
    _broken(
        "a dashboard was changed in the browser",
        _OPERATIONS,
        '"version": 1',
        '"version": 2',
        dashboard_checks.dashboards_are_made,
    ),
    _broken(
        "a password stands in the source",
        dashboard_checks.SOURCE,
        "$__file{/run/secrets/prometheus_password}",
        "admin",
        dashboard_checks.source_is_provisioned,
    ),
    _broken(
        "Flower's API is open",
        "deploy/k8s/base/flower.yaml",
        "name: FLOWER_BASIC_AUTH_FILE",
        "name: FLOWER_UNAUTHENTICATED_API",
        checks.flower_is_shut,
    ),
    _broken(
        "Flower is started without its guard", "docker-compose.yml", "- beat.flower", "- flower", checks.flower_is_shut
    ),
)
