"""Expressions of Prometheus, as far as checks read them: which metrics, with which labels."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from stenopool import metrics
from stenopool.instruments import Metrics, names
from tests.requirements_table import need

RULES: Final = "monitoring/prometheus/rules"

OURS: Final[dict[str, Metrics]] = {
    name: metric
    for metric in (
        *(*metrics.OF_API, *metrics.OF_LEDGER, *metrics.OF_DISK),
        *(*metrics.OF_WORKER, *metrics.OF_HOUSE, *metrics.OF_GPU),
    )
    for name in names([metric])
}
"""Every metric of ours by the name that it is exposed under."""

READ_FROM_LEDGER: Final = frozenset(names((*metrics.OF_LEDGER, *metrics.OF_DISK)))
"""The same at every API server."""

OF_OTHERS: Final = frozenset({"up", "ALERTS"})

_NAME: Final = re.compile(r"\b(?:transcription_\w+|flower_\w+|[a-z_]+:\w+:\w+|up|ALERTS)\b")
_MATCHED: Final = re.compile(r'\b((?:[a-z_]+:)?transcription_\w+(?::\w+)?)\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\}')
_MATCHER: Final = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"')
_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_PART: Final = re.compile(r"_(bucket|sum|count)$")


@dataclass(frozen=True)
class Rule:
    """A rule as it is shipped."""

    name: str
    is_alert: bool
    text: dict[str, Any]

    @property
    def expression(self) -> str:
        """What is looked at."""
        return str(self.text["expr"])


def rules(root: Path) -> list[Rule]:
    """All rules, recording ones first."""
    found = []
    for file in sorted((root / RULES).glob("*.yml")):
        for group in yaml.safe_load(file.read_text("utf-8"))["groups"]:
            found += [Rule(rule.get("alert") or rule["record"], "alert" in rule, rule) for rule in group["rules"]]
    return sorted(found, key=lambda rule: rule.is_alert)


def metrics_in(expression: str) -> set[str]:
    """Names of the metrics, ours, others' and recorded ones."""
    return set(_NAME.findall(_STRING.sub('""', expression)))


def declared(name: str) -> Metrics | None:
    """The metric of ours with this name, a histogram's parts included."""
    if name in OURS:
        return OURS[name]
    whole = OURS.get(_PART.sub("", name))
    return whole if whole is not None and whole.type == "histogram" and name != whole.declared.full_name else None


def faults_of(expression: str, recorded: Iterable[str]) -> list[str]:
    """Metrics that nobody tells, and labels or values that they never have."""
    known = OF_OTHERS | set(recorded)
    faults = [
        f"nobody tells {name}"
        for name in sorted(metrics_in(expression))
        if name not in known and (declared(name) is None or _is_bare_histogram(name))
    ]
    for name, matchers in _MATCHED.findall(expression):
        metric = declared(name) or _recorded_from(name)
        if metric is None:
            continue
        labels = {label.name: label.values for label in metric.declared.labels} | {"le": None}
        for label, sign, value in _MATCHER.findall(matchers):
            if label not in labels:
                faults.append(f"{name} has no label {label}")
            elif (values := labels[label]) is not None:
                wanted = value.split("|") if "~" in sign else [value]
                faults += [f"{name}: {label} is never {word!r}" for word in wanted if word not in values]
    return faults


def _recorded_from(name: str) -> Metrics | None:
    """The metric that a recording rule names in its middle; a counter's ``_total`` is left out there."""
    middle = name.split(":")[1] if ":" in name else name
    return OURS.get(middle) or OURS.get(f"{middle}_total")


def _is_bare_histogram(name: str) -> bool:
    return name in OURS and OURS[name].type == "histogram"


def promtool(*arguments: str | Path) -> list[str]:
    """What promtool finds wrong; nothing where it is content."""
    need("promtool")
    done = subprocess.run(
        [shutil.which("promtool") or "promtool", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return [] if done.returncode == 0 else [done.stdout + done.stderr]


def parse_faults(expressions: Iterable[str]) -> list[str]:
    """What promtool says of expressions, each as a rule of its own."""
    made = [{"record": f"parsed:number:{at}", "expr": text} for at, text in enumerate(expressions)]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rules.yml"
        file.write_text(yaml.safe_dump({"groups": [{"name": "all", "rules": made}]}))
        return promtool("check", "rules", file)
