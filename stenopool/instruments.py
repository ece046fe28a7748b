"""The kinds of metrics: what is counted where it happens, and what is read when somebody looks.

An instrument is a plain declaration until its first use; only then prometheus_client is imported, which decides at its
import whether a process counts alone or shares files with others (``stenopool/metrics_folder.py``).
"""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Final, Generic, Literal, TypeVar

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client import Counter as LibraryCounter
    from prometheus_client import Gauge as LibraryGauge
    from prometheus_client import Histogram as LibraryHistogram
    from prometheus_client.metrics_core import Metric

PREFIX: Final = "transcription_"
"""Begins every name."""

OTHER: Final = "other"
"""Stands for every value outside of a closed set."""

_MOST_PRIMED: Final = 12

L = TypeVar("L", "LibraryCounter", "LibraryGauge", "LibraryHistogram")

_lock: Final = threading.RLock()


@dataclass(frozen=True, slots=True)
class Label:
    """What a metric is split by. Outsiders never choose its values: they are ``values``, or the operator's few."""

    name: str
    values: frozenset[str] | None = None
    """None: as many as the operator runs pools or this release has routes."""

    def shown(self, value: str) -> str:
        """The value if it may be shown."""
        return value if self.values is None or value in self.values else OTHER


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a metric is. ``name`` is without the prefix, and without the ``_total`` of a counter."""

    name: str
    help: str
    labels: tuple[Label, ...] = ()

    @property
    def full_name(self) -> str:
        """The name with its prefix, as prometheus_client wants it."""
        return PREFIX + self.name

    def label_names(self) -> tuple[str, ...]:
        """Names of the labels, in order."""
        return tuple(label.name for label in self.labels)

    def label_values(self, given: Mapping[str, str]) -> tuple[str, ...]:
        """Values of the labels, in order.

        Raises:
            KeyError: a label was not given.
        """
        return tuple(label.shown(given[label.name]) for label in self.labels)


class _Instrument(Generic[L]):
    """A metric that code moves."""

    type: str

    def __init__(self, name: str, text: str, *labels: Label) -> None:
        self.declared = Declaration(name, text, labels)
        self._made: L | None = None

    def prime(self) -> None:
        """Shows it as nought before it is first moved, where its labels have few values: a rate needs two points."""
        sets = [sorted(label.values or ()) for label in self.declared.labels]
        if all(sets) and prod(map(len, sets)) <= _MOST_PRIMED:
            for values in product(*sets):
                self._at(dict(zip(self.declared.label_names(), values, strict=True)))

    def _at(self, given: Mapping[str, str]) -> L:
        if self._made is None:
            with _lock:
                if self._made is None:
                    self._made = self._make()
        values = self.declared.label_values(given)
        return self._made.labels(*values) if values else self._made

    def _make(self) -> L:
        raise NotImplementedError


class Counter(_Instrument["LibraryCounter"]):
    """Grows."""

    type = "counter"

    def inc(self, amount: float = 1.0, **labels: str) -> None:
        """Adds."""
        self._at(labels).inc(amount)

    def _make(self) -> "LibraryCounter":
        from prometheus_client import Counter as Made  # noqa: PLC0415 - see the module's docstring

        return Made(self.declared.full_name, self.declared.help, self.declared.label_names(), registry=registry())


class LiveGauge(_Instrument["LibraryGauge"]):
    """How many are under way now, in all living processes of a group together."""

    type = "gauge"

    def change(self, by: int, **labels: str) -> None:
        """Adds, or takes away."""
        self._at(labels).inc(by)

    def _make(self) -> "LibraryGauge":
        from prometheus_client import Gauge as Made  # noqa: PLC0415 - see the module's docstring

        return Made(
            self.declared.full_name,
            self.declared.help,
            self.declared.label_names(),
            registry=registry(),
            # What a dead process had under way is under way no longer.
            multiprocess_mode="livesum",
        )


class Histogram(_Instrument["LibraryHistogram"]):
    """Collects values in ``buckets``, ascending upper bounds."""

    type = "histogram"

    def __init__(self, name: str, text: str, *labels: Label, buckets: tuple[float, ...]) -> None:
        super().__init__(name, text, *labels)
        self._buckets = buckets

    def observe(self, value: float, **labels: str) -> None:
        """Puts a value into its bucket."""
        self._at(labels).observe(value)

    def _make(self) -> "LibraryHistogram":
        from prometheus_client import Histogram as Made  # noqa: PLC0415 - see the module's docstring

        return Made(
            self.declared.full_name,
            self.declared.help,
            self.declared.label_names(),
            registry=registry(),
            buckets=self._buckets,
        )


Values = Mapping[tuple[str, ...], float]
"""Label values in the order of the labels -> value."""


class Reading:
    """A value that lives elsewhere and is read when somebody looks."""

    def __init__(self, type_: Literal["counter", "gauge"], name: str, text: str, *labels: Label) -> None:
        self.declared = Declaration(name, text, labels)
        self.type = type_

    def family(self, values: Values) -> "Metric":
        """The metric with these values; those of labels outside their sets are added up as ``other``."""
        from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily  # noqa: PLC0415 - as above

        make = CounterMetricFamily if self.type == "counter" else GaugeMetricFamily
        family = make(self.declared.full_name, self.declared.help, labels=self.declared.label_names())
        for shown, value in _summed(self.declared, values).items():
            family.add_metric(shown, value)
        return family


@dataclass(frozen=True, slots=True)
class Distribution:
    """Values by bucket: each bucket's own count, the last one for what is beyond all bounds."""

    counts: tuple[int, ...]
    sum: float


class ReadHistogram:
    """A histogram that lives elsewhere; ``buckets`` are ascending upper bounds."""

    type = "histogram"

    def __init__(self, name: str, text: str, *labels: Label, buckets: tuple[float, ...]) -> None:
        self.declared = Declaration(name, text, labels)
        self._buckets = buckets

    def family(self, values: Mapping[tuple[str, ...], Distribution]) -> "Metric":
        """The metric with these values."""
        from prometheus_client.metrics_core import HistogramMetricFamily  # noqa: PLC0415 - see the module's docstring

        family = HistogramMetricFamily(self.declared.full_name, self.declared.help, labels=self.declared.label_names())
        bounds = [*map(str, self._buckets), "+Inf"]
        for labels, found in values.items():
            so_far = [sum(found.counts[: number + 1]) for number in range(len(bounds))]
            family.add_metric(labels, list(zip(bounds, so_far, strict=True)), found.sum)
        return family


Metrics = Counter | LiveGauge | Histogram | Reading | ReadHistogram

_registries: "list[CollectorRegistry]" = []


def registry() -> "CollectorRegistry":
    """The registry of everything that this process counts by itself."""
    from prometheus_client import CollectorRegistry  # noqa: PLC0415 - see the module's docstring

    with _lock:
        if not _registries:
            _registries.append(CollectorRegistry())
        return _registries[0]


def _summed(declared: Declaration, values: Values) -> dict[tuple[str, ...], float]:
    summed: dict[tuple[str, ...], float] = {}
    for given, value in values.items():
        shown = tuple(label.shown(text) for label, text in zip(declared.labels, given, strict=True))
        summed[shown] = summed.get(shown, 0.0) + value
    return summed


def names(metrics: Iterable[Metrics]) -> list[str]:
    """Full names as they are exposed, ``_total`` included."""
    return [metric.declared.full_name + ("_total" if metric.type == "counter" else "") for metric in metrics]
