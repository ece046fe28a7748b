"""Instruments: nothing is imported before it is needed, and no label says what an outsider chose."""

import subprocess
import sys

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from stenopool import instruments, metrics
from stenopool.instruments import Counter, Distribution, Histogram, Label, ReadHistogram, Reading, names
from tests.integration.metrics.exposed import samples, value

FRUIT = Label("fruit", frozenset({"apple", "pear"}))


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> CollectorRegistry:
    """A registry of this test alone."""
    registry = CollectorRegistry()
    monkeypatch.setattr(instruments, "_registries", [registry])
    return registry


def told(registry: CollectorRegistry) -> str:
    return generate_latest(registry).decode()


def test_declaring_metrics_imports_no_library() -> None:
    """It decides at its import where to count."""
    code = "import sys, stenopool.metrics, stenopool.metrics_folder; assert 'prometheus_client' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_api_can_be_imported_without_the_library_too() -> None:
    code = "import sys, api.main; assert 'prometheus_client' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_is_outside_of_a_closed_set_is_counted_as_other(own: CollectorRegistry) -> None:
    counter = Counter("eaten", "Fruit eaten.", FRUIT)
    for fruit in ("apple", "stone", "glass"):
        counter.inc(fruit=fruit)
    assert value(told(own), "transcription_eaten_total", fruit="apple") == 1
    assert value(told(own), "transcription_eaten_total", fruit="other") == 2
    assert len(samples(told(own))["transcription_eaten_total"]) == 2


def test_a_primed_counter_is_told_as_nought_before_it_moves(own: CollectorRegistry) -> None:
    Counter("eaten", "Fruit eaten.", FRUIT).prime()
    Counter("drunk", "Drinks.").prime()
    Counter("sold", "Things sold.", Label("shop")).prime()
    told_now = samples(told(own))
    assert set(told_now["transcription_eaten_total"].values()) == {0.0}
    assert len(told_now["transcription_eaten_total"]) == 2
    assert told_now["transcription_drunk_total"] == {(): 0.0}
    assert "transcription_sold_total" not in told_now


def test_a_forgotten_label_is_an_error(own: CollectorRegistry) -> None:
    with pytest.raises(KeyError):
        Counter("eaten", "Fruit eaten.", FRUIT).inc()


def test_a_reading_adds_up_what_it_may_not_tell_apart(own: CollectorRegistry) -> None:
    family = Reading("counter", "seen", "Fruit seen.", FRUIT).family({("apple",): 1, ("stone",): 2, ("glass",): 3})
    assert {sample.labels["fruit"]: sample.value for sample in family.samples} == {"apple": 1, "other": 5}


def test_a_read_histogram_tells_its_buckets_as_running_sums() -> None:
    histogram = ReadHistogram("took_seconds", "Took.", FRUIT, buckets=(1.0, 2.5))
    family = histogram.family({("pear",): Distribution((3, 0, 2), 40.0)})
    buckets = {s.labels["le"]: s.value for s in family.samples if s.name.endswith("_bucket")}
    assert buckets == {"1.0": 3, "2.5": 3, "+Inf": 5}
    assert [s.value for s in family.samples if s.name.endswith("_sum")] == [40.0]


def test_a_histogram_uses_its_buckets(own: CollectorRegistry) -> None:
    Histogram("took_seconds", "Took.", buckets=(1.0, 3600.0)).observe(7.0)
    assert value(told(own), "transcription_took_seconds_bucket", le="1.0") == 0
    assert value(told(own), "transcription_took_seconds_bucket", le="3600.0") == 1


EVERY = (*metrics.OF_API, *metrics.OF_LEDGER, *metrics.OF_DISK, *metrics.OF_WORKER, *metrics.OF_HOUSE, *metrics.OF_GPU)


def test_every_metric_of_the_module_is_listed_for_whom_it_belongs_to() -> None:
    declared = [thing for thing in vars(metrics).values() if isinstance(thing, instruments.Metrics)]
    assert len(declared) == len(EVERY)
    assert {id(metric) for metric in declared} == {id(metric) for metric in EVERY}


def test_every_metric_has_a_help_and_a_name_of_its_own() -> None:
    assert len(set(names(EVERY))) == len(EVERY)
    for metric in EVERY:
        assert metric.declared.help.endswith(".")


def test_no_label_could_hold_a_tenant_an_id_or_a_file_name() -> None:
    """Open sets are the operator's pools and the release's routes; all others are closed and small."""
    labels = {label for metric in EVERY for label in metric.declared.labels}
    assert {label.name for label in labels if label.values is None} == {"pool", "route"}
    assert {label.name for label in labels} == {
        *("route", "method", "status", "pool", "stage", "state", "code", "reason", "outcome", "run", "ending", "kind"),
        *("gpu", "task"),
    }
    assert all(len(label.values) < 150 for label in labels if label.values is not None)


def test_times_of_jobs_are_told_from_a_second_to_an_hour() -> None:
    for metric in (metrics.RUN_DURATION, metrics.STAGE_DURATION):
        assert (metric._buckets[0], metric._buckets[-1]) == (1.0, 3600.0)
