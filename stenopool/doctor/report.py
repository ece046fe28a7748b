"""Findings for people and for programs; pure."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from stenopool.doctor.finding import Finding, Level, has_failed


def as_document(findings: Sequence[Finding]) -> str:
    """JSON: ``ok``, and ``findings`` with ``code``, ``level``, ``found`` and ``remedy``."""
    return json.dumps({"ok": not has_failed(findings), "findings": [asdict(finding) for finding in findings]}, indent=2)


def as_table(findings: Sequence[Finding]) -> str:
    """A line for each finding, what to do below it, and the sum at the end."""
    widest = max(len(finding.code) for finding in findings)
    lines = []
    for finding in findings:
        lines.append(f"{finding.level:4}  {finding.code:{widest}}  {finding.found}")
        if finding.remedy:
            lines.append(f"{'':4}  {'':{widest}}  -> {finding.remedy}")
    failed = sum(finding.level is Level.FAIL for finding in findings)
    warned = sum(finding.level is Level.WARN for finding in findings)
    return "\n".join([*lines, "", f"{len(findings)} looked at: {failed} failed, {warned} to be warned of"])
