"""The unit ``assemble``: the results of all spans in, the published transcript out."""

from dataclasses import dataclass

from stenopool.failpoints import Failpoint, fail_at
from stenopool.ledger.model import Grant
from stenopool.media.store import plan_key, span_key, transcript_key
from stenopool.transcripts.model import Transcript
from stenopool.transcripts.options import stored_options
from worker.pipeline.assemble import assemble
from worker.pipeline.plan_spans import span_id
from worker.pipeline.records import read_plan, read_span
from worker.units.bench import Bench, required
from worker.units.span import plan_of


@dataclass(frozen=True, slots=True)
class Published:
    """A transcript in the store, and the canonical identity of what made it."""

    transcript_key: str
    identity: str


def publish(bench: Bench, grant: Grant) -> Published:
    """Merges the spans and writes the transcript, or adopts the one that an earlier attempt wrote (rule 5).

    Raises:
        TransientError: ``disk_full``, ``store_unavailable``.
        FatalError: ``internal_error``: a result is missing, or the spans were made by different models.
    """
    key = transcript_key(grant.transcription_id)
    if not bench.store.exists(key):
        transcript = _merged(bench, grant).model_dump_json().encode()
        fail_at(Failpoint.WORKER_BEFORE_STORE, grant.kind)
        bench.store.put(key, transcript)
    # Read back: of two writers the other may have been first, and what counts is what stands there.
    written = Transcript.model_validate_json(required(bench.store, key))
    return Published(key, written.identity.canonical())


def drop_audio(bench: Bench, grant: Grant) -> None:
    """Removes all decoded audio of a run that is done, that of its earlier tries included."""
    for work in filter(None, (grant.work_key, grant.former_work_key)):
        for key in list(bench.store.keys(f"{work}/")):
            if key.endswith(".pcm"):
                bench.store.delete(key)


def _merged(bench: Bench, grant: Grant) -> Transcript:
    plan_id = plan_of(grant)
    plan = read_plan(required(bench.store, plan_key(grant.work_key, plan_id)))
    spans = [
        read_span(required(bench.store, span_key(grant.work_key, plan_id, span_id(number))))
        for number in range(grant.units)
    ]
    return assemble(grant.transcription_id, stored_options(grant.options), plan, spans)
