"""Checks of monitoring/grafana: questions, units, thresholds, places, and where the figures come from."""

import json
import re
from collections.abc import Iterator
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any, Final

import yaml

from scripts.dashboards import __main__ as generator
from tests.deploy.monitoring.expressions import faults_of, metrics_in, parse_faults, rules

FOLDER: Final = "monitoring/grafana/dashboards"
SOURCE: Final = "monitoring/grafana/provisioning/datasources/prometheus.yml"
PROVIDER: Final = "monitoring/grafana/provisioning/dashboards/stenopool.yml"

_UNITS: Final = frozenset({"short", "none", "s", "bytes", "Bps", "percentunit", "reqps", "cps", "bool_yes_no"})
_COLOUR: Final = {"warning": "orange", "critical": "red"}
_BOUND: Final = re.compile(r"(==|<|>)\s*(\d+(?:\.\d+)?)(?:\s*\*\s*(\d+(?:\.\d+)?))?")


def dashboards_are_made(root: Path) -> list[str]:
    """The files are what the script makes of its questions."""
    shipped = {file.stem: file.read_text("utf-8") for file in (root / FOLDER).glob("*.json")}
    faults = [f"{name} is no dashboard of the script" for name in shipped.keys() - generator.DASHBOARDS.keys()]
    return faults + [
        f"{name}: run make dashboards" for name in generator.DASHBOARDS if shipped.get(name) != generator.text(name)
    ]


def panels_ask(root: Path) -> list[str]:
    """Each panel's title is the question that it answers, each figure has its unit."""
    faults = []
    for where, panel in _panels(root):
        unit = panel["fieldConfig"]["defaults"].get("unit")
        if "?" not in panel["title"]:
            faults.append(f"{where} asks nothing")
        if unit not in _UNITS:
            faults.append(f"{where}: no unit is {unit}")
        for target in panel["targets"]:
            wanted = _unit_of(target["expr"])
            if wanted is not None and unit != wanted:
                faults.append(f"{where}: {target['expr']} is in {wanted}, not in {unit}")
    return faults


def panels_have_their_place(root: Path) -> list[str]:
    """No panel lies on another or beyond the edge, and each has a number of its own."""
    faults = []
    for name, board in _boards(root):
        places = [(panel["title"], panel["gridPos"]) for panel in board["panels"]]
        faults += [f"{name}: {title} goes over the edge" for title, at in places if at["x"] + at["w"] > 24]
        for (one, a), (other, b) in combinations(places, 2):
            if _meet(a["x"], a["w"], b["x"], b["w"]) and _meet(a["y"], a["h"], b["y"], b["h"]):
                faults.append(f"{name}: {one} lies on {other}")
        if len({panel["id"] for panel in board["panels"]}) != len(places):
            faults.append(f"{name}: two panels have one number")
    return faults


def panels_find_metrics(root: Path) -> list[str]:
    """Prometheus can parse every expression, and somebody tells every metric in it."""
    recorded = [rule.name for rule in rules(root) if not rule.is_alert]
    found = [(where, target["expr"]) for where, panel in _panels(root) for target in panel["targets"]]
    faults = [f"{where}: {fault}" for where, text in found for fault in faults_of(text, recorded)]
    faults += [f"{where} looks at nothing" for where, text in found if not metrics_in(text)]
    return faults + parse_faults(text for _, text in found)


def thresholds_are_the_alerts(root: Path) -> list[str]:
    """Where a panel turns orange or red, an alert of that severity fires."""
    alerts = {rule.name: rule for rule in rules(root) if rule.is_alert}
    faults = []
    for where, panel in _panels(root):
        named = [name for name in panel["description"].removeprefix("Alerts: ").split(", ") if name]
        faults += [f"{where}: nothing alerts as {name}" for name in named if name not in alerts]
        allowed = {
            (_COLOUR[alerts[name].text["labels"]["severity"]], bound)
            for name in named
            if name in alerts
            for bound in _bounds(alerts[name].expression)
        }
        faults += [
            f"{where}: turns {colour} at {bound}, and none of its alerts does"
            for colour, bound in _turns(panel["fieldConfig"]["defaults"]["thresholds"]["steps"])
            if (colour, bound) not in allowed
        ]
    return faults


def source_is_provisioned(root: Path) -> list[str]:
    """Every panel asks the one source; its password comes from a file; nothing is changed in the browser."""
    (source,) = yaml.safe_load((root / SOURCE).read_text("utf-8"))["datasources"]
    (provider,) = yaml.safe_load((root / PROVIDER).read_text("utf-8"))["providers"]
    faults = [
        f"{where} asks another source"
        for where, panel in _panels(root)
        if {at["datasource"]["uid"] for at in (panel, *panel["targets"])} != {source["uid"]}
    ]
    if source["url"] != "http://prometheus:9090" or source["editable"] or provider["allowUiUpdates"]:
        faults.append("the source is elsewhere, or may be changed in the browser")
    if not str(source["secureJsonData"]["basicAuthPassword"]).startswith("$__file{/run/secrets/"):
        faults.append("a password stands in the source")
    if provider["options"]["path"] != "/var/lib/grafana/dashboards":
        faults.append("the dashboards are mounted elsewhere")
    return faults


def _boards(root: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for file in sorted((root / FOLDER).glob("*.json")):
        yield file.stem, json.loads(file.read_text("utf-8"))


def _panels(root: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, board in _boards(root):
        yield from ((f"{name}, {panel['title']}", panel) for panel in board["panels"] if panel["type"] != "row")


def _unit_of(expression: str) -> str | None:
    """The unit of what is shown, where the name tells it."""
    if "rate(" in expression or "/" in expression:
        return None
    for ending, unit in (("_bytes", "bytes"), (":ratio", "percentunit"), ("_ratio", "percentunit"), ("_seconds", "s")):
        if any(ending in name for name in metrics_in(expression)):
            return unit
    return None


def _meet(start: int, length: int, other_start: int, other_length: int) -> bool:
    return start < other_start + other_length and other_start < start + length


def _bounds(expression: str) -> set[float]:
    found = set()
    for sign, number, factor in _BOUND.findall(expression):
        # What must not be nought turns below one.
        found.add(1.0 if sign == "==" and number == "0" else round(float(number) * float(factor or 1), 6))
    return found


def _turns(steps: list[dict[str, Any]]) -> list[tuple[str, float]]:
    """Colour and bound of each turn, upwards or, where green is the last, downwards."""
    if steps[0]["color"] == "green":
        return [(step["color"], float(step["value"])) for step in steps[1:]]
    return [(below["color"], float(step["value"])) for below, step in pairwise(steps)]
