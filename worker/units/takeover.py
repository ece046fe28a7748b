"""Takes over what an earlier try of the same work left in the store: its plan, decoded audio and finished spans.

An earlier life of this run left it in the run's own folder (a rebuild, an attempt whose commit was lost), an earlier
run of the same digest in its own, which the grant names. Copies are taken and nothing is shared: whoever wrote the
originals may still remove them, and the run that takes over owns all that it works with.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from stenopool.ledger.model import Grant, PlannedUnit, UnitKind
from stenopool.logs import get_logger
from stenopool.media.store import Store, pcm_key, plan_key, span_key
from worker.pipeline.plan_spans import plan_spans
from worker.pipeline.read_audio import BYTES_PER_SAMPLE
from worker.pipeline.records import RECORD_VERSION, PlanRecord, read_plan, read_span

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class EarlierPlan:
    """A plan that was made before, and how much of it is done."""

    work: str
    plan_id: str
    record: PlanRecord
    units: tuple[PlannedUnit, ...]
    """What is planned for this recording today."""
    finished: tuple[str, ...]
    """Those of today's spans whose result is there."""
    has_audio: bool

    @property
    def is_enough(self) -> bool:
        """Whether the media need not be decoded again: all audio is there, or nobody will listen to any."""
        return self.has_audio or len(self.finished) == sum(unit.kind is UnitKind.SPAN for unit in self.units)


def find_earlier_plan(store: Store, grant: Grant) -> EarlierPlan | None:
    """The earlier plan of which most is done; None when there is none. Reads every record of the earlier tries.

    Raises:
        TransientError: ``store_unavailable``.
    """
    found = list(_earlier_plans(store, grant))
    return max(found, key=lambda plan: (len(plan.finished), plan.has_audio, plan.plan_id), default=None)


def take_over(store: Store, earlier: EarlierPlan, work: str, plan_id: str) -> bool:
    """Makes the earlier plan the one under ``plan_id``, with its finished spans, and with its audio if it has any.

    False when some of it has vanished meanwhile: its own run was deleted. Nothing is taken over then.

    Raises:
        TransientError: ``disk_full``, ``store_unavailable``.
    """
    copies = {span_key(earlier.work, earlier.plan_id, unit): span_key(work, plan_id, unit) for unit in earlier.finished}
    if earlier.has_audio:
        copies[pcm_key(earlier.work, earlier.plan_id)] = pcm_key(work, plan_id)
    try:
        for source, key in copies.items():
            store.copy(source, key)
    except KeyError:
        for key in copies.values():
            store.delete(key)
        return False
    store.put(plan_key(work, plan_id), earlier.record.to_bytes())
    _log.info("work_taken_over", spans=len(earlier.finished), has_audio=earlier.has_audio)
    return True


def _earlier_plans(store: Store, grant: Grant) -> Iterator[EarlierPlan]:
    for work in filter(None, (grant.work_key, grant.former_work_key)):
        for key in store.keys(f"{work}/"):
            plan_id, _, ending = key.removeprefix(f"{work}/").partition(".")
            if ending != "json" or "/" in plan_id or plan_id == grant.claim_id:
                continue
            plan = _look_at(store, grant, work, plan_id)
            if plan is not None:
                yield plan


def _look_at(store: Store, grant: Grant, work: str, plan_id: str) -> EarlierPlan | None:
    try:
        record = read_plan(store.get(plan_key(work, plan_id)))
    except (KeyError, ValidationError):
        return None
    if record.v != RECORD_VERSION:
        # Of another release: what it means by its numbers is not known here.
        return None
    units = plan_spans(record.n_samples, record.speech_within(0, record.n_samples))
    spans = (unit for unit in units if unit.kind is UnitKind.SPAN)
    finished = tuple(unit.unit_id for unit in spans if _is_finished(store, grant, work, plan_id, unit))
    return EarlierPlan(work, plan_id, record, units, finished, _has_audio(store, pcm_key(work, plan_id), record))


def _is_finished(store: Store, grant: Grant, work: str, plan_id: str, unit: PlannedUnit) -> bool:
    """Whether the result is of this very stretch, by the engine that the run asks for: models are never mixed."""
    try:
        span = read_span(store.get(span_key(work, plan_id, unit.unit_id)))
    except (KeyError, ValidationError):
        return False
    return (
        span.v == RECORD_VERSION
        and (span.from_sample, span.to_sample) == (unit.from_sample, unit.to_sample)
        and span.identity.canonical() == grant.identity
    )


def _has_audio(store: Store, key: str, record: PlanRecord) -> bool:
    try:
        return store.size_bytes(key) == BYTES_PER_SAMPLE * record.n_samples
    except KeyError:
        return False
