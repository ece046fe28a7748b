"""The unit ``span``: a stretch of decoded audio in, what an engine heard in it out."""

from stenopool.errors import ErrorCode, FatalError
from stenopool.failpoints import Failpoint, fail_at
from stenopool.ledger.model import Grant
from stenopool.media.store import pcm_key, plan_key, span_key
from stenopool.transcripts.model import Segment
from stenopool.transcripts.options import Options, stored_options
from worker.engines.base import SAMPLE_RATE, Audio, Engine
from worker.pipeline.read_audio import read_audio
from worker.pipeline.recognise import SpanOutcome, recognise_span
from worker.pipeline.records import SpanRecord, read_plan, read_span
from worker.units.bench import Bench, Watch, WorkStoppedError, required


def recognise(bench: Bench, engine: Engine, grant: Grant, watch: Watch) -> None:
    """Writes the span's result, unless an earlier attempt did (rule 5): write-once, so both would be the same.

    Raises:
        UsageError: the engine cannot do what the options ask.
        TransientError: ``disk_full``, ``store_unavailable``.
        FatalError: ``engine_failed``, ``out_of_memory``, or ``internal_error`` when plan or audio are missing.
        WorkStoppedError: the watch said so.
    """
    plan_id = plan_of(grant)
    key = span_key(grant.work_key, plan_id, grant.unit_id)
    if bench.store.exists(key):
        for segment in read_span(required(bench.store, key)).segments:
            watch.on_segment(segment)
        return
    plan = read_plan(required(bench.store, plan_key(grant.work_key, plan_id)))
    options = effective_options(grant)

    def on_segment(segment: Segment, done_s: float) -> None:
        watch.on_progress(done_s)
        watch.on_segment(segment)

    outcome = recognise_span(
        engine,
        _audio(bench, grant, plan_id),
        options,
        plan.speech_within(grant.from_sample, grant.to_sample) if options.vad_filter else None,
        offset_s=grant.from_sample / SAMPLE_RATE,
        on_segment=on_segment,
        should_stop=watch.should_stop,
    )
    if outcome.stopped:
        raise WorkStoppedError
    fail_at(Failpoint.WORKER_BEFORE_STORE, grant.kind)
    bench.store.put(key, _record(engine, grant, outcome).to_bytes())


def effective_options(grant: Grant) -> Options:
    """The caller's options, with the language that a ``detect`` unit committed."""
    options = stored_options(grant.options)
    return options.model_copy(update={"language": grant.language}) if grant.language else options


def plan_of(grant: Grant) -> str:
    """The plan that counts.

    Raises:
        FatalError: ``internal_error``: the unit was handed out before any plan.
    """
    if grant.plan_id is None:
        raise FatalError(ErrorCode.INTERNAL_ERROR, "a unit was handed out before its plan")
    return grant.plan_id


def _audio(bench: Bench, grant: Grant, plan_id: str) -> Audio:
    try:
        with bench.store.open(pcm_key(grant.work_key, plan_id)) as file:
            return read_audio(file, grant.from_sample, grant.to_sample)
    except (KeyError, EOFError) as error:
        raise FatalError(ErrorCode.INTERNAL_ERROR, "decoded audio is missing in the store") from error


def _record(engine: Engine, grant: Grant, outcome: SpanOutcome) -> SpanRecord:
    return SpanRecord(
        unit_id=grant.unit_id,
        from_sample=grant.from_sample,
        to_sample=grant.to_sample,
        segments=outcome.segments,
        language=outcome.heard.language,
        language_probability=outcome.heard.language_probability,
        warnings=outcome.heard.warnings,
        identity=engine.identity,
        processing_s=outcome.processing_s,
    )
