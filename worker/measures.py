"""What a worker's child counts of its work: plain functions for the shift to call, none of which can end a unit.

Where nobody asked for the metrics (``WORKER_METRICS_PORT``) the numbers stay in the child's memory.
"""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from stenopool import metrics
from stenopool.errors import ErrorCode
from stenopool.ledger.model import Grant, UnitKind
from stenopool.logs import get_logger

P = ParamSpec("P")
_log = get_logger(__name__)


def _harmless(measure: Callable[P, None]) -> Callable[P, None]:
    """A full disk or a wrong label must not cost a transcription its attempt."""

    @wraps(measure)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            measure(*args, **kwargs)
        except Exception:  # noqa: BLE001 - said above
            _log.warning("not_measured", measure=measure.__name__, exc_info=True)

    return guarded


@_harmless
def attempt_begun(grant: Grant) -> None:
    """The unit's work begins."""
    metrics.WORKER_ATTEMPTS.inc(stage=grant.kind)


@_harmless
def unit_done(grant: Grant, took_s: float) -> None:
    """The unit was done and its commit taken; ``took_s`` seconds of work by the wall clock."""
    metrics.STAGE_DURATION.observe(took_s, stage=grant.kind)
    if grant.kind is UnitKind.SPAN and grant.cost_s > 0:
        metrics.AUDIO_PROCESSED.inc(grant.cost_s, pool=grant.pool)
        metrics.REAL_TIME_FACTOR.observe(took_s / grant.cost_s, pool=grant.pool)


@_harmless
def unit_let_go(grant: Grant, how: str) -> None:
    """The unit is no longer in hand; ``how`` in the words of the shift's report, such as ``done`` or ``given back``."""
    metrics.WORKER_UNITS.inc(stage=grant.kind, ending=how.replace(" ", "_"))


@_harmless
def attempt_failed(code: ErrorCode) -> None:
    """The attempt failed, whoever is to blame."""
    metrics.WORKER_FAILURES.inc(code=code)
