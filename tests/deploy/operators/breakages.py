"""Slips of the pen in the operator's pages, each of which one of the checks finds."""

from typing import Final

from tests.deploy.breakages import Breakage
from tests.deploy.operators import checks

_TROUBLE: Final = "docs/how-to/troubleshooting.md"
_GPU: Final = "docs/how-to/gpu.md"
_BACKUP: Final = "docs/how-to/backup-and-restore.md"
_DOCTOR: Final = "docs/reference/doctor.md"
_SPOT: Final = "docs/how-to/spot-workers.md"
_SECURITY: Final = "docs/how-to/security-checklist.md"
_UPGRADE: Final = "docs/how-to/upgrade.md"

BREAKAGES: Final = (
    Breakage("code that does not exist", _TROUBLE, "`queue_full`", "`queue_is_full`", checks.check_words),
    Breakage("log word that does not exist", _TROUBLE, "`worker_stops`", "`worker_stopped`", checks.check_words),
    Breakage("gpu log word renamed", _GPU, "`gpu_awaited`", "`gpu_waited_for`", checks.check_words),
    Breakage("setting that does not exist", _TROUBLE, "`MAX_AUDIO_HOURS`", "`MAX_AUDIO_HRS`", checks.check_settings),
    Breakage("setting of old", _GPU, "DEVICE=cuda\n", "DEVICE_NAME=cuda\n", checks.check_settings),
    Breakage("command renamed", _BACKUP, "stenopool restore", "stenopool recover", checks.check_commands),
    Breakage("option renamed", _BACKUP, "--keep 14", "--retain 14", checks.check_commands),
    Breakage(
        "option of an inner command renamed", _SPOT, "--failed --since", "--failed --after", checks.check_commands
    ),
    Breakage("target of make renamed", _SECURITY, "make audit", "make audits", checks.check_commands),
    Breakage("target of make gone", "Makefile", "audit: ##", "audits: ##", checks.check_commands),
    Breakage("metric renamed", _SPOT, "_leases_expired_total", "_leases_lost_total", checks.check_metrics),
    Breakage("metric without its unit", _UPGRADE, "_queue_age_seconds", "_queue_age", checks.check_metrics),
    Breakage(
        "finding that is not told of", _DOCTOR, "| `redis_evictions` |", "| `redis_eviction` |", checks.check_findings
    ),
    Breakage("page moved", _UPGRADE, "(backup-and-restore.md)", "(restore.md)", checks.check_links),
    Breakage("heading renamed", _TROUBLE, "## The disk fills", "## A full disk", checks.check_links),
    Breakage(
        "figures of another release",
        _GPU,
        "| 4.4 GiB | 3.0 GiB |\n| turbo",
        "| 10.5 GiB | 3.0 GiB |\n| turbo",
        checks.check_needs,
    ),
)
