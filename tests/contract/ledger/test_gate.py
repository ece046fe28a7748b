"""What is not handed out: prepare units while enough is prepared, and anything to a worker that is drained."""

from dataclasses import replace

import pytest

from stenopool.ledger import operations as op
from stenopool.ledger.model import Grant, PrepareGate, RegisterOutcome, WorkerPulse
from stenopool.queueing.names import BELL_PREFIX
from tests.contract.ledger.bench import IDENTITY, POOL, POOLS, TIMING, Bench

GATE = PrepareGate(ahead_s=50)
"""Two recordings of 30 s are more than that."""


def claim(bench: Bench, gate: PrepareGate | None, pools: tuple[str, ...] = ("prepare",)) -> Grant | None:
    return bench.do(op.claim(bench.fresh("claim"), "red/1", pools, TIMING, gate)).grant


def submit(bench: Bench, estimated_s: float) -> str:
    submission = replace(bench.submission(), estimated_s=estimated_s)
    bench.do(op.submit(submission))
    bench.pass_time(1)
    return submission.transcription_id


def prepare_two(bench: Bench) -> None:
    for _ in range(2):
        submit(bench, 30)
        grant = claim(bench, None)
        assert grant is not None
        bench.plan(grant)


def live_recognisers(bench: Bench, number: int) -> None:
    for index in range(number):
        bench.do(op.register(WorkerPulse(f"rec-{index}", (POOL,), IDENTITY, "host", 1, "idle"), 60_000))


def test_no_more_is_prepared_while_enough_waits_to_be_recognised(bench: Bench) -> None:
    prepare_two(bench)
    waiting = submit(bench, 3600)
    assert bench.do(op.census()).pools[POOL].prepared_s == 60
    assert claim(bench, GATE) is None
    # Being recognised is not yet recognised.
    span = claim(bench, GATE, (POOL,))
    assert span is not None
    assert claim(bench, GATE) is None
    bench.do(op.commit(span.claim_id, TIMING))
    assert bench.do(op.census()).pools[POOL].prepared_s == 30
    grant = claim(bench, GATE)
    assert grant is not None
    assert grant.transcription_id == waiting


def test_each_live_recogniser_may_have_that_much_before_it(bench: Bench) -> None:
    prepare_two(bench)
    submit(bench, 3600)
    live_recognisers(bench, 1)
    assert claim(bench, GATE) is None
    live_recognisers(bench, 2)
    assert claim(bench, GATE) is not None


@pytest.mark.parametrize("gate", [GATE, PrepareGate(ahead_s=1e6, is_disk_short=True)])
def test_short_recordings_pass_before_the_gate(bench: Bench, gate: PrepareGate) -> None:
    prepare_two(bench)
    submit(bench, 120)
    short = submit(bench, 119.9)
    grant = claim(bench, gate)
    assert grant is not None
    assert grant.transcription_id == short
    assert claim(bench, gate) is None


def test_what_is_recognised_rings_for_what_waits_to_be_prepared(bench: Bench) -> None:
    prepare_two(bench)
    submit(bench, 3600)
    span = claim(bench, GATE, (POOL,))
    assert span is not None
    # Somebody has heard the bell and found the gate shut.
    bench.client.delete(BELL_PREFIX + "prepare")
    assert bench.do(op.commit(span.claim_id, TIMING)).bells["prepare"] == 1


def test_the_end_of_a_run_takes_its_audio_out_of_the_sum(bench: Bench) -> None:
    job = bench.submit()
    bench.plan(bench.begin(), spans=3)
    done = bench.begin()
    bench.do(op.commit(done.claim_id, TIMING))
    assert bench.do(op.census()).pools[POOL].prepared_s == 60
    bench.do(op.recount(POOL))
    assert bench.do(op.census()).pools[POOL].prepared_s == 60
    bench.do(op.cancel(job.job_id, "ann"))
    assert bench.do(op.census()).pools[POOL].prepared_s == 0


@pytest.mark.parametrize("who", ["red", "*"])
def test_a_drained_worker_gets_nothing_new_and_keeps_what_it_has(bench: Bench, who: str) -> None:
    bench.do(op.register(WorkerPulse("red", POOLS, IDENTITY, "host", 1, "idle"), 60_000))
    bench.do(op.register(WorkerPulse("keeper", ("house",), "", "host", 2, "idle"), 60_000))
    bench.submit()
    bench.submit()
    held = bench.begin()
    assert bench.do(op.drain(who)).drained == (who,)
    assert claim(bench, None) is None
    assert bench.do(op.register(WorkerPulse("red", POOLS, IDENTITY, "host", 1, "idle"), 60_000)).outcome is (
        RegisterOutcome.DRAINED
    )
    seen = bench.do(op.census())
    assert (seen.workers["red"].is_drained, seen.pools[POOL].drained, seen.pools[POOL].live_workers) == (True, 1, 1)
    assert not seen.workers["keeper"].is_drained
    bench.plan(held)
    assert bench.do(op.drain(who, is_over=True)).drained == ()
    assert claim(bench, None) is not None
    again = bench.do(op.register(WorkerPulse("red", POOLS, IDENTITY, "host", 1, "idle"), 60_000))
    assert again.outcome is RegisterOutcome.OK


def test_a_drained_worker_that_is_gone_is_forgotten(bench: Bench) -> None:
    bench.do(op.register(WorkerPulse("red", POOLS, IDENTITY, "host", 1, "idle"), 60_000))
    bench.do(op.drain("red"))
    bench.do(op.unregister("red"))
    assert bench.do(op.drain("*")).drained == ("*",)
