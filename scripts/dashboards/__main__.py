"""Writes monitoring/grafana/dashboards/*.json: ``python -m scripts.dashboards [--check]``.

A panel here is its question, its queries, its unit and what is too much; the rest of Grafana's format is the same for all.
"""

import json
import sys
from pathlib import Path
from typing import Any, Final

from scripts.dashboards.capacity import CAPACITY
from scripts.dashboards.operations import OPERATIONS
from scripts.dashboards.panel import Panel, Row

ROOT: Final = Path(__file__).resolve().parent.parent.parent
FOLDER: Final = ROOT / "monitoring/grafana/dashboards"

_SOURCE: Final = {"type": "prometheus", "uid": "stenopool"}
_WIDTH: Final = 24


DASHBOARDS: Final = {
    "operations": ("Stenopool: operations", OPERATIONS, "now-6h"),
    "capacity": ("Stenopool: capacity and use", CAPACITY, "now-7d"),
}


def dashboard(name: str) -> dict[str, Any]:
    """A dashboard as Grafana reads it."""
    title, rows, since = DASHBOARDS[name]
    return {
        "uid": f"stenopool-{name}",
        "title": title,
        "tags": ["stenopool"],
        "schemaVersion": 39,
        "version": 1,
        "editable": False,
        "timezone": "browser",
        "refresh": "30s",
        "time": {"from": since, "to": "now"},
        "links": [
            {"type": "dashboards", "title": "Stenopool", "tags": ["stenopool"], "asDropdown": False, "keepTime": True}
        ],
        "panels": _laid_out(rows),
    }


def _laid_out(rows: tuple[Row, ...]) -> list[dict[str, Any]]:
    panels: list[dict[str, Any]] = []
    top = 0
    for row in rows:
        where = {"x": 0, "y": top, "w": _WIDTH, "h": 1}
        panels.append({"id": len(panels) + 1, "type": "row", "title": row.title, "collapsed": False, "gridPos": where})
        top, left = top + 1, 0
        for panel in row.panels:
            if left + panel.width > _WIDTH:
                top, left = top + 8, 0
            panels.append(_panel(panel, len(panels) + 1, {"x": left, "y": top, "w": panel.width, "h": 8}))
            left += panel.width
        top += 8
    return panels


def _panel(panel: Panel, number: int, where: dict[str, int]) -> dict[str, Any]:
    steps = _steps(panel)
    defaults: dict[str, Any] = {"unit": panel.unit, "thresholds": {"mode": "absolute", "steps": steps}}
    if panel.kind == "timeseries":
        style = "line" if len(steps) > 1 else "off"
        defaults["custom"] = {"thresholdsStyle": {"mode": style}, "fillOpacity": 10, "showPoints": "never"}
        defaults["min"] = 0
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.question,
        "description": "Alerts: " + ", ".join(panel.alerts) if panel.alerts else "",
        "datasource": _SOURCE,
        "gridPos": where,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": {},
        "targets": [
            {
                "refId": chr(ord("A") + at),
                "datasource": _SOURCE,
                "expr": expression,
                "legendFormat": legend,
                "instant": panel.kind == "table",
                "format": "table" if panel.kind == "table" else "time_series",
            }
            for at, (legend, expression) in enumerate(panel.queries.items())
        ],
    }


def _steps(panel: Panel) -> list[dict[str, Any]]:
    if panel.is_floor:
        # From below: critical until its figure is reached, then warning until its own.
        bounds = [value for value in (panel.critical, panel.warning) if value is not None]
        colours = [*(["red"] if panel.critical is not None else []), *(["orange"] if panel.warning is not None else [])]
        return [
            {"color": colour, "value": value}
            for colour, value in zip([*colours, "green"], [None, *bounds], strict=True)
        ]
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    steps += [{"color": "orange", "value": panel.warning}] if panel.warning is not None else []
    return steps + ([{"color": "red", "value": panel.critical}] if panel.critical is not None else [])


def text(name: str) -> str:
    """The file of a dashboard."""
    return json.dumps(dashboard(name), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Writes the files, or with ``--check`` says which are out of date and exits with 1."""
    old = [name for name in DASHBOARDS if not _is_current(name)]
    if "--check" in sys.argv[1:]:
        if old:
            print(f"out of date: {', '.join(old)}; run make dashboards")
            raise SystemExit(1)
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in old:
        (FOLDER / f"{name}.json").write_text(text(name), "utf-8")


def _is_current(name: str) -> bool:
    file = FOLDER / f"{name}.json"
    return file.is_file() and file.read_text("utf-8") == text(name)


if __name__ == "__main__":
    main()
