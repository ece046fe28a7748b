"""How long a job may still take: a rough figure out of the backlog and the speed that was measured. Pure."""

from stenopool.ledger.model import JobView, PoolView, UnitKind


def eta_s(job: JobView, pool: PoolView) -> float | None:
    """Seconds until the job is done, as far as they can be told; None where something to tell them by is not known.

    What is left of the job itself is recognised by one worker, what waits before it by all of them. How much that is,
    is told from the job's place in its tenant's own queue: work is handed out in the order of its arrival, so the
    share of the own queue before the job is about the share of the whole. Speed is that of the last runs, and the
    length of a recording is known once it is decoded; before that there is no estimate.
    """
    if job.state.ended or job.audio_s is None or job.stage == UnitKind.PREPARE:
        return None
    if not pool.speed or not pool.live_workers:
        return None
    left_s = max(0.0, job.audio_s - job.done_s)
    ahead_s = 0.0
    if job.position is not None and job.queue_length:
        ahead_s = max(0.0, pool.waiting_s * job.position / job.queue_length - left_s)
    return round(left_s / pool.speed + ahead_s / (pool.speed * pool.live_workers), 1)
