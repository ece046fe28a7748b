"""The unit ``prepare``: media in; decoded audio and a plan of units out."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from stenopool.errors import ErrorCode, UsageError
from stenopool.failpoints import Failpoint, fail_at
from stenopool.ledger.model import Grant, Plan
from stenopool.media.store import pcm_key, plan_key
from worker.pipeline.decode import DecodeStopped, decode_media
from worker.pipeline.detect_speech import detect_speech
from worker.pipeline.plan_spans import plan_spans
from worker.pipeline.read_audio import map_pcm
from worker.pipeline.records import make_plan_record
from worker.units.bench import Bench, Watch, WorkStoppedError
from worker.units.outline import keep_outline
from worker.units.takeover import find_earlier_plan, take_over


def prepare(bench: Bench, grant: Grant, watch: Watch) -> Plan:
    """Decodes, finds speech, plans; or takes over what an earlier try has left of that, whole or in part.

    The plan is named after the claim, so that two attempts never share a file.

    Raises:
        UsageError: the recording's fault: ``input_missing``, ``undecodable_media``, ``no_audio``, ``audio_too_long``, …
        TransientError: ``disk_full``, ``store_unavailable``.
        FatalError: the decoder was ended from outside.
        WorkStoppedError: the watch said so.
    """
    plan_id = grant.claim_id
    earlier = find_earlier_plan(bench.store, grant)
    if earlier is not None and earlier.is_enough and take_over(bench.store, earlier, grant.work_key, plan_id):
        keep_outline(bench.store, grant, plan_id)
        return Plan(plan_id, earlier.record.duration_s, earlier.units)
    with _scratch_folder(bench.scratch, plan_id) as folder:
        pcm = folder / "audio.pcm"
        try:
            media = decode_media(_media_path(bench, grant), pcm, bench.decode_limits, watch.should_stop)
        except DecodeStopped:
            raise WorkStoppedError from None
        if earlier is not None and earlier.record.n_samples != media.n_samples:
            earlier = None
        speech = detect_speech(map_pcm(pcm)) if earlier is None else earlier.record.speech_within(0, media.n_samples)
        if watch.should_stop():
            raise WorkStoppedError
        fail_at(Failpoint.WORKER_BEFORE_STORE, grant.kind)
        bench.store.adopt_file(pcm_key(grant.work_key, plan_id), pcm)
    keep_outline(bench.store, grant, plan_id)
    fail_at(Failpoint.WORKER_AMID_STORE, grant.kind)
    if earlier is not None and take_over(bench.store, earlier, grant.work_key, plan_id):
        return Plan(plan_id, earlier.record.duration_s, earlier.units)
    bench.store.put(plan_key(grant.work_key, plan_id), make_plan_record(media, speech).to_bytes())
    return Plan(plan_id, media.duration_s, plan_spans(media.n_samples, speech))


def drop_plan(bench: Bench, grant: Grant) -> None:
    """Removes what an attempt wrote whose plan the ledger refused: nobody will ever ask for it (rule 1)."""
    bench.store.delete(plan_key(grant.work_key, grant.claim_id))
    bench.store.delete(pcm_key(grant.work_key, grant.claim_id))
    for key in list(bench.store.keys(f"{grant.work_key}/{grant.claim_id}/")):
        bench.store.delete(key)


def _media_path(bench: Bench, grant: Grant) -> Path:
    try:
        return bench.store.path(grant.media_key)
    except KeyError:
        raise UsageError(
            ErrorCode.INPUT_MISSING, "the recording is no longer in the store", "submit the file again"
        ) from None


@contextlib.contextmanager
def _scratch_folder(scratch: Path, claim_id: str) -> Iterator[Path]:
    folder = scratch / f"prepare-{claim_id}"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
