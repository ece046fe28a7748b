"""Keeps the outline of a run's audio: written by ``prepare``, outside the work folder, since it lives as long as the transcript."""

from stenopool.ledger.model import Grant
from stenopool.logs import get_logger
from stenopool.media.store import Store, pcm_key, peaks_key, run_of
from worker.pipeline.peaks import find_peaks
from worker.pipeline.read_audio import map_pcm

_log = get_logger(__name__)


def keep_outline(store: Store, grant: Grant, plan_id: str) -> None:
    """Writes the peaks of the plan's audio, once a run. Equal audio has equal peaks: who finds some adopts them.

    Where nothing was decoded, because an earlier try had recognised everything, the earlier try's are taken.

    Raises:
        TransientError: ``disk_full``, ``store_unavailable``.
    """
    key = peaks_key(grant.transcription_id)
    if store.exists(key):
        return
    try:
        pcm = map_pcm(store.path(pcm_key(grant.work_key, plan_id)))
    except KeyError:
        _take_earlier(store, grant, key)
    else:
        store.put(key, find_peaks(pcm).to_bytes())


def _take_earlier(store: Store, grant: Grant, key: str) -> None:
    if grant.former_work_key is None:
        return
    try:
        store.copy(peaks_key(run_of(grant.former_work_key)), key)
    except KeyError:
        # Of a release that made none: the transcript is worth having without them.
        _log.info("no_peaks")
