"""What the doctor found; pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from stenopool.checks import Level

__all__ = ["Finding", "Level", "fail", "has_failed", "ok", "warn"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. ``remedy`` is what to do, empty where nothing is."""

    code: str
    level: Level
    found: str
    remedy: str = ""


def ok(code: str, found: str) -> Finding:
    """As it should be."""
    return Finding(code, Level.OK, found)


def warn(code: str, found: str, remedy: str) -> Finding:
    """It works, with a drawback."""
    return Finding(code, Level.WARN, found, remedy)


def fail(code: str, found: str, remedy: str) -> Finding:
    """It does not work, or not for long."""
    return Finding(code, Level.FAIL, found, remedy)


def has_failed(findings: Iterable[Finding]) -> bool:
    """Whether the command ends with 1."""
    return any(finding.level is Level.FAIL for finding in findings)
