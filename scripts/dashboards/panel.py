"""What a panel of a dashboard is."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Panel:
    """A question and what answers it.

    ``queries`` are expressions with a legend each; ``warning`` and ``critical`` colour the value, upwards unless
    ``is_floor``; both are the thresholds of the alerts named in ``alerts``.
    """

    question: str
    queries: dict[str, str]
    unit: str
    kind: str = "timeseries"
    width: int = 8
    alerts: tuple[str, ...] = ()
    warning: float | None = None
    critical: float | None = None
    is_floor: bool = False


@dataclass(frozen=True)
class Row:
    """Panels under a heading."""

    title: str
    panels: tuple[Panel, ...] = field(default_factory=tuple)
