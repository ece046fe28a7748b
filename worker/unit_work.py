"""Carries a unit out by its kind: which function does it, how long it may take, which call commits it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from stenopool.audit import Act, audit
from stenopool.errors import ErrorCode, FatalError, StenopoolError, UsageError
from stenopool.ledger import operations as op
from stenopool.ledger import removal
from stenopool.ledger.call import Call
from stenopool.ledger.model import Committed, Grant, UnitKind
from stenopool.logs import get_logger
from stenopool.media.epoch import read_epoch
from stenopool.media.removal import remove_body
from worker.duty import Duty
from worker.engines.base import Engine
from worker.holding import Holding
from worker.narration import Narration
from worker.scanner import SCAN_LIMIT_S
from worker.units import assemble, span
from worker.units.bench import Watch
from worker.units.scan import require_clean

_DETECT_SPEECH: Final = 0.05
"""Wall-clock seconds per second of audio that finding speech may take: 17 times what one core needs."""

_log = get_logger(__name__)


class UnitWork:
    """The work of one child."""

    def __init__(self, duty: Duty) -> None:
        self._duty = duty

    def timeout_s(self, grant: Grant) -> float:
        """Seconds by the wall clock after which the watchdog ends the process."""
        settings = self._duty.bench.settings
        if grant.kind is UnitKind.PREPARE:
            # The length is not known yet; the decoder has its own, shorter limit.
            wall_s = self._duty.bench.decode_limits.wall_s
            scan_s = SCAN_LIMIT_S if settings.scanner else 0.0
            return settings.unit_base_timeout_s + scan_s + wall_s + settings.max_audio_s * _DETECT_SPEECH
        if grant.kind is UnitKind.ASSEMBLE:
            return settings.unit_base_timeout_s
        return settings.unit_base_timeout_s + grant.cost_s * self._engine().seconds_per_audio_second

    def do(self, holding: Holding) -> Call[Committed]:
        """Does the unit and answers the call that commits it; what it raises is in ``worker.units``."""
        grant, bench = holding.grant, self._duty.bench
        watch = Watch(holding.progress, lambda: self._duty.watchdog.must_stop(holding))
        match grant.kind:
            case UnitKind.PREPARE:
                from worker.units.prepare import prepare  # noqa: PLC0415 - a worker that only recognises needs no VAD

                self._require_clean(grant, watch)
                return op.plan(grant.claim_id, prepare(bench, grant, watch), self._duty.timing)
            case UnitKind.SPAN:
                with Narration(self._duty.ledger, grant.claim_id) as narration:
                    span.recognise(bench, self._engine(), grant, replace(watch, on_segment=narration.add))
                return op.commit(grant.claim_id, self._duty.timing)
            case UnitKind.ASSEMBLE:
                published = assemble.publish(bench, grant)
                return op.finish(grant.claim_id, published.transcript_key, published.identity)
            case UnitKind.DETECT:
                raise FatalError(ErrorCode.INTERNAL_ERROR, "this release plans no detect units")

    def drop_output(self, grant: Grant) -> None:
        """After a refused commit: what only this claim could have written goes. Results shared by attempts stay."""
        if grant.kind is UnitKind.PREPARE:
            from worker.units.prepare import drop_plan  # noqa: PLC0415 - as above

            self._quietly(lambda: drop_plan(self._duty.bench, grant))

    def drop_if_deleted(self, grant: Grant) -> None:
        """After the ledger said ``lost``, or refused a commit: of a run that was deleted nothing may stay behind."""
        self._quietly(lambda: self._drop_if_deleted(grant.transcription_id))

    def _drop_if_deleted(self, transcription_id: str) -> None:
        if self._duty.ledger.do(removal.strangers([f"tr/{transcription_id}"])) and self._store_is_ours():
            for name in (f"work/{transcription_id}", f"tr/{transcription_id}"):
                remove_body(self._duty.bench.store, name)
            _log.info("output_of_deleted_removed")

    def clean_up(self, grant: Grant) -> None:
        """After the run is completed its decoded audio goes; it is the largest object and can be made again."""
        if grant.kind is UnitKind.ASSEMBLE:
            self._quietly(lambda: self._drop_audio_if_ours(grant))

    def _drop_audio_if_ours(self, grant: Grant) -> None:
        if self._store_is_ours():
            assemble.drop_audio(self._duty.bench, grant)

    def _require_clean(self, grant: Grant, watch: Watch) -> None:
        """What is infected goes before its job fails: a worker that dies in between must not leave it to be fetched."""
        try:
            require_clean(self._duty.bench, grant, watch)
        except UsageError as error:
            if error.code is ErrorCode.INFECTED and self._store_is_ours():
                self._duty.bench.store.delete(grant.media_key)
                audit(Act.REMOVE_INFECTED, transcription_id=grant.transcription_id)
            raise

    def _store_is_ours(self) -> bool:
        # Nothing is deleted from a store whose epoch the ledger does not share (rule 18).
        epoch = self._duty.ledger.do(op.read_epoch())
        return epoch is not None and epoch == read_epoch(self._duty.bench.store)

    def _quietly(self, act: Callable[[], object]) -> None:
        try:
            act()
        except StenopoolError as error:
            # An orphan; housekeeping finds it.
            _log.warning("not_cleaned_up", code=str(error.code))

    def _engine(self) -> Engine:
        if self._duty.engine is None:
            raise FatalError(ErrorCode.INTERNAL_ERROR, "this worker holds no engine")
        return self._duty.engine
