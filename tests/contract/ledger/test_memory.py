"""What a finished job costs in Redis: the figure behind "a million kept jobs are about a gigabyte"."""

import secrets
from dataclasses import replace

from stenopool.ids import new_id
from stenopool.ledger import event_operations as events
from stenopool.ledger import keys, removal
from stenopool.ledger import operations as op
from stenopool.media.store import media_key, transcript_key, work_key
from tests.contract.ledger.bench import IDENTITY, POOLS, TIMING, Bench

JOBS = 250
"""Of a million kept jobs as many share one of the 4,096 digest buckets."""
MOST_BYTES_A_JOB = 1_300
MOST_BYTES_OF_A_CHANGE = 110
"""A tenant's last thousand changes are kept for an hour."""
SEGMENT = '{"start":1234.56,"end":1239.12,"text":"' + "x" * 80 + '","confidence":0.93}'
MOST_BYTES_AROUND_A_SEGMENT = 60
MOST_BYTES_OF_SPENT_CLAIMS = 600
"""For six hours after it, three claims."""


def test_a_finished_job_costs_about_a_kilobyte(bench: Bench) -> None:
    for _ in range(JOBS):
        _do_a_job(bench)
    # A day later its work and its media are gone, its result is not.
    bench.pass_time(25 * 3_600)
    bench.do(removal.purge(bench.do(removal.overdue(10 * JOBS)).members))
    spent = list(bench.client.scan_iter(keys.spent("*"), count=1000))
    news = [keys.tenant_events("ann")]
    passing = {*spent, *news}
    others = [key for key in bench.client.scan_iter(keys.PREFIX + "*", count=1000) if key not in passing]
    assert _bytes(bench, others) / JOBS < MOST_BYTES_A_JOB
    assert _bytes(bench, news) / (3 * JOBS) < MOST_BYTES_OF_A_CHANGE
    assert _bytes(bench, spent) / JOBS < MOST_BYTES_OF_SPENT_CLAIMS


def test_a_told_segment_costs_little_more_than_its_text(bench: Bench) -> None:
    grant = bench.span()
    for first in range(0, 1000, 10):
        bench.do(events.tell(grant.claim_id, first, [SEGMENT] * 10))
    told = [keys.events(grant.transcription_id), keys.run_told(grant.transcription_id), keys.tenant_told("ann")]
    assert _bytes(bench, told) / 1000 < len(SEGMENT) + MOST_BYTES_AROUND_A_SEGMENT


def _do_a_job(bench: Bench) -> None:
    run_id = new_id()
    new = replace(
        bench.submission("abc" + secrets.token_hex(31)[1:]),
        job_id=new_id(),
        transcription_id=run_id,
        name="Interview with the mayor, second part, 2026-11-21.m4a",
        media_key=media_key(new_id()),
        work_key=work_key(run_id),
        options='{"initial_prompt":"' + "x" * 500 + '"}',
    )
    bench.do(op.submit(new))
    prepare = bench.do(op.claim(new_id(), f"host:1:{new_id()}/2", POOLS, TIMING)).grant
    assert prepare is not None
    bench.plan(prepare)
    span = bench.do(op.claim(new_id(), f"host:1:{new_id()}/2", POOLS, TIMING)).grant
    assert span is not None
    assemble = bench.do(op.commit(span.claim_id, TIMING, "en")).next
    assert assemble is not None
    bench.do(op.finish(assemble.claim_id, transcript_key(run_id), IDENTITY))


def _bytes(bench: Bench, names: list[str]) -> int:
    pipeline = bench.client.pipeline(transaction=False)
    for name in names:
        pipeline.memory_usage(name, samples=0)
    return sum(pipeline.execute())
