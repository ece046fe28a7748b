"""The gates as a table for people and as JSON for machines."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Measure:
    """One gate: what must be, what was measured."""

    gate: str
    must_be: str
    measured: str
    is_met: bool
    details: tuple[str, ...] = ()
    """What to look at where it was missed."""


def at_most(gate: str, limit: float, unit: str, measured: float, note: str = "") -> Measure:
    """A gate with an upper limit."""
    shown = f"{measured:.1f} {unit}" + (f" ({note})" if note else "")
    return Measure(gate, f"at most {limit:g} {unit}", shown, measured <= limit)


def none_of(gate: str, found: Sequence[str]) -> Measure:
    """A gate that allows none; what was found is told."""
    return Measure(gate, "0", str(len(found)), not found, tuple(found))


def table(measures: Sequence[Measure]) -> str:
    """A Markdown table, and below it what was missed."""
    lines = ["| gate | must be | measured | |", "|---|---|---|---|"]
    lines += [f"| {m.gate} | {m.must_be} | {m.measured} | {'met' if m.is_met else '**missed**'} |" for m in measures]
    for missed in (measure for measure in measures if not measure.is_met):
        lines += ["", f"{missed.gate}:", *(f"- {detail}" for detail in missed.details[:20])]
    return "\n".join(lines)


def as_json(measures: Sequence[Measure], facts: dict[str, object]) -> str:
    """The same with the facts of the run around it."""
    return json.dumps({**facts, "gates": [asdict(measure) for measure in measures]}, indent=2)
