"""Reads the text format with the library's own parser."""

from prometheus_client.parser import text_string_to_metric_families

Samples = dict[str, dict[tuple[tuple[str, str], ...], float]]
"""Sample name -> labels, sorted -> value."""


def samples(text: str) -> Samples:
    """All samples of an exposition; one that tells a sample twice is wrong."""
    found: Samples = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            values = found.setdefault(sample.name, {})
            labels = tuple(sorted(sample.labels.items()))
            assert labels not in values, f"{sample.name} {labels} twice"
            values[labels] = sample.value
    return found


def value(text: str, name: str, **labels: str) -> float:
    """One sample, nought where it is not told."""
    return samples(text).get(name, {}).get(tuple(sorted(labels.items())), 0.0)
