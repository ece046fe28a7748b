"""Crashes on demand: ``FAIL_AT=<name>`` ends a process with SIGKILL at the named step, so that tests can visit each.

A switch of tests alone: settings refuse it with ``ENVIRONMENT=production``. Unset, a failpoint is one look at an empty
mapping. ``<name>:once`` leaves a file in the run folder and crashes no second time, so that the retry passes; a step
that several kinds of unit take crashes once in each. Names stand with commas between them.
"""

import os
import signal
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Final


class Failpoint(StrEnum):
    """Every step at which a crash leaves something half done."""

    API_AFTER_MEDIA = "api_after_media"
    """The recording is stored, its job has no manifest."""
    API_AFTER_MANIFEST = "api_after_manifest"
    """The manifest is written, the ledger knows no job."""
    API_AFTER_SUBMIT = "api_after_submit"
    """The ledger knows the job; no bell has rung, the manifest may name a run that was not taken."""
    API_BEFORE_ANSWER = "api_before_answer"
    """All is done but the answer."""
    API_AFTER_CANCEL = "api_after_cancel"
    """The ledger has cancelled the job, its manifest says nothing of it."""
    API_BEFORE_RETRY = "api_before_retry"
    """The manifest says that the job goes on, the ledger does not."""
    API_AFTER_RETRY = "api_after_retry"
    """The job goes on; the manifest may name a run that was not taken."""

    WORKER_AFTER_CLAIM = "worker_after_claim"
    """A unit is leased; no attempt is spent."""
    WORKER_AFTER_STARTED = "worker_after_started"
    """The attempt is spent, nothing of the unit is done."""
    WORKER_BEFORE_STORE = "worker_before_store"
    """The work is done, nothing of it is stored."""
    WORKER_AMID_STORE = "worker_amid_store"
    """The decoded audio is stored, its plan is not."""
    WORKER_AFTER_STORE = "worker_after_store"
    """All is stored, the ledger does not know."""
    WORKER_AFTER_COMMIT = "worker_after_commit"
    """The ledger knows; what the commit handed out is not begun, what is no longer needed is still there."""

    ENDING_BEFORE_MANIFESTS = "ending_before_manifests"
    """A run has failed in the ledger, the manifests of its jobs say nothing of it. API, worker and housekeeper."""

    DELETION_AFTER_MARK = "deletion_after_mark"
    """The ledger denies the job, all else is there. Of kind ``api``, as the next two, or ``house``."""
    DELETION_AFTER_MANIFEST = "deletion_after_manifest"
    """The job's manifest is gone, recording and transcript are not."""
    DELETION_AFTER_BODIES = "deletion_after_bodies"
    """The store is clean, the ledger still has the record."""

    WEBHOOK_AFTER_SENT = "webhook_after_sent"
    """The receiver has answered, nobody has noted it."""
    WEBHOOK_AMID_NOTES = "webhook_amid_notes"
    """The store has the note, the ledger would deliver again."""

    RECONCILE_BEFORE_NOTED = "reconcile_before_noted"
    """Store and ledger were compared after a restart of Redis, and nobody knows."""

    REBUILD_BEFORE_EPOCHS = "rebuild_before_epochs"
    """What is to run is restored, store and ledger have no new epoch."""
    REBUILD_BETWEEN_EPOCHS = "rebuild_between_epochs"
    """The store has the new epoch, the ledger has none."""
    REBUILD_BEFORE_HISTORY = "rebuild_before_history"
    """The ledger is open again, older jobs are not restored."""


ONCE: Final = ":once"
"""Behind a name: crash one time only."""

_armed: dict[Failpoint, Path | None] = {}
"""Where a failpoint leaves its marks; None: it leaves none and always crashes."""


def arm(switches: Sequence[str], run_dir: Path) -> None:
    """Sets this process's failpoints; earlier ones are forgotten. The settings have checked the names."""
    _armed.clear()
    for switch in switches:
        _armed[Failpoint(switch.removesuffix(ONCE))] = run_dir if switch.endswith(ONCE) else None


def fail_at(point: Failpoint, kind: str = "") -> None:
    """Ends this process if ``point`` is armed; ``kind`` tells apart what takes the same step."""
    if point in _armed:
        _crash(_armed[point], f"{point}-{kind}" if kind else point)


def mark(run_dir: Path, name: str) -> Path:
    """The file that tells of a crash that happens once; ``name`` is the failpoint's, with ``-<kind>`` where it has one."""
    return run_dir / f"failed-at-{name}"


def _crash(run_dir: Path | None, name: str) -> None:
    if run_dir is not None:
        try:
            mark(run_dir, name).touch(exist_ok=False)
        except FileExistsError:
            return
    os.kill(os.getpid(), signal.SIGKILL)
