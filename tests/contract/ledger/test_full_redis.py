"""At ``maxmemory`` 1 work still ends and nothing new begins: Redis looks at a script's first write only (rule 20)."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from stenopool.errors import ErrorCode, TransientError
from stenopool.ledger import event_operations as events
from stenopool.ledger import operations as op
from stenopool.ledger import removal
from stenopool.ledger.call import Call
from stenopool.ledger.events import Wishes
from stenopool.ledger.ledger import Ledger
from stenopool.ledger.lua import operation_names
from stenopool.ledger.model import (
    Answer,
    Blame,
    Committed,
    DeliveryNote,
    DeliveryOutcome,
    HeldClaim,
    JobQuery,
    Plan,
    PlannedUnit,
    Quotas,
    Restoration,
    UnitKind,
    WorkerPulse,
)
from stenopool.local.redis_server import RedisServer
from stenopool.redis_pools import redis_client
from tests.contract.ledger.bench import IDENTITY, POOL, POOLS, TIMING, Bench
from tests.contract.ledger.redis_content import TEST_BOOK, read_content
from tests.unit.ledger.model_quotas import DAY_MS

Scene = Callable[[Bench], Call[object]]
"""Brings a ledger into a state and gives the call to make in it."""

_ASSEMBLE = PlannedUnit("assemble", UnitKind.ASSEMBLE, 0, 0, 0.0)


def _cancel(bench: Bench) -> Call[object]:
    span = bench.span()
    return op.cancel(bench.do(op.jobs_of(span.transcription_id))[0].job_id, "ann")


def _sweep(bench: Bench) -> Call[object]:
    bench.do(op.sweep(TIMING))
    bench.span()
    bench.pass_time(100)
    return op.sweep(TIMING)


def _plan(bench: Bench) -> Call[object]:
    bench.submit()
    grant = bench.begin()
    return op.plan(grant.claim_id, Plan(grant.claim_id, 1.0, (_ASSEMBLE,)), TIMING)


def _plan_over_quota(bench: Bench) -> Call[object]:
    bench.do(op.submit(replace(bench.submission(), quotas=Quotas(audio_ms=30_000))))
    grant = bench.begin()
    return op.plan(grant.claim_id, Plan(grant.claim_id, 30.1, (_ASSEMBLE,)), TIMING)


def _claim(bench: Bench) -> Call[object]:
    bench.submit()
    return op.claim("claim-of-a-full-redis", "red/1", POOLS, TIMING)


def _abandon(bench: Bench) -> Call[object]:
    bench.span()
    return op.abandon("red/1")


def _take_deliveries(bench: Bench) -> Call[object]:
    bench.cancelled_hook()
    return op.take_deliveries("take", 10, 60_000)


def _note_delivery(bench: Bench) -> Call[object]:
    bench.cancelled_hook()
    [delivery] = bench.do(op.take_deliveries("take", 10, 60_000)).deliveries
    return op.note_delivery(
        DeliveryNote(delivery.delivery_id, "take", DeliveryOutcome.FAILED, 5_000, 503, "bad_status")
    )


def _retry(bench: Bench) -> Call[object]:
    first = bench.submission()
    bench.do(op.submit(first))
    bench.do(op.cancel(first.job_id, "ann"))
    return op.retry(replace(first, transcription_id="tr-again"))


def _drop_days(bench: Bench) -> Call[object]:
    bench.submit()
    bench.pass_time(24 * 3600)
    return op.drop_days([bench.now // DAY_MS - 1])


def _set_epoch(bench: Bench) -> Call[object]:
    bench.client.flushdb()
    return op.set_epoch("epoch-1")


def _restore(bench: Bench) -> Call[object]:
    submission = replace(bench.submission(), submitted_ms=bench.now)
    return op.restore(Restoration(submission, is_hit=False, ending=None))


def _note_redis_run(bench: Bench) -> Call[object]:
    current = bench.do(op.redis_run()).current
    assert current is not None
    return op.note_redis_run(current)


def _open_restored(bench: Bench) -> Call[object]:
    bench.client.flushdb()
    bench.do(op.begin_restoring("epoch-1"))
    return op.open_restored("epoch-1")


def _end_restoring(bench: Bench) -> Call[object]:
    bench.do(op.begin_restoring("epoch-1"))
    return op.end_restoring("epoch-1")


_OF_OUTBOX = ("take_deliveries", "note_delivery")


def _completed(bench: Bench) -> str:
    assemble = bench.assemble()
    job_id = bench.do(op.jobs_of(assemble.transcription_id))[0].job_id
    bench.finish(assemble)
    return job_id


def _expire(bench: Bench) -> Call[object]:
    job_id = _completed(bench)
    bench.pass_time(31 * 24 * 3_600)
    return removal.expire(job_id)


def _purge(bench: Bench) -> Call[object]:
    job_id = _completed(bench)
    return removal.purge([f"job/{job_id}", *bench.do(removal.forget(job_id, "ann")).members])


ENDING: dict[str, Scene] = {
    "claim": _claim,
    "beat": lambda bench: op.beat("red/1", [HeldClaim(bench.span().claim_id, started=True, done_s=1.0)], TIMING),
    "commit": lambda bench: op.commit(bench.span().claim_id, TIMING, "en"),
    "finish": lambda bench: op.finish(bench.assemble().claim_id, "transcripts/a.json", '{"engine":"new"}'),
    "fail": lambda bench: op.fail(bench.span().claim_id, "engine_failed", Blame.UNIT, "It broke."),
    "release": lambda bench: op.release(bench.span().claim_id, 5_000),
    "abandon": _abandon,
    "cancel": _cancel,
    "forget": lambda bench: removal.forget(_completed(bench), "ann"),
    "expire": _expire,
    "purge": _purge,
    "count_removed": lambda _: removal.count_removed("orphan_object", 1),
    "sweep": _sweep,
    "register": lambda _: op.register(WorkerPulse("red", POOLS, IDENTITY, "host", 1, "idle"), 30_000),
    "drain": lambda _: op.drain("*"),
    "unregister": lambda _: op.unregister("red"),
    "recount": lambda _: op.recount("prepare"),
    "take_deliveries": _take_deliveries,
    "note_delivery": _note_delivery,
    "end_restoring": _end_restoring,
    "recount_use": lambda _: op.recount_use(),
    "drop_days": _drop_days,
}
CREATING: dict[str, Scene] = {
    "submit": lambda bench: op.submit(bench.submission()),
    "retry": _retry,
    "plan": _plan,
    "set_epoch": _set_epoch,
    "restore": _restore,
    "open_restored": _open_restored,
    "note_redis_run": _note_redis_run,
    "begin_restoring": lambda _: op.begin_restoring("epoch-1"),
    "tell": lambda bench: events.tell(bench.span().claim_id, 0, ["{}"], is_whole=True),
}
COUNTING = ("count_removed", "recount", "recount_use")
READING: dict[str, Scene] = {
    "pending_deliveries": lambda bench: op.pending_deliveries(bench.cancelled_hook(), "ann"),
    "find": lambda _: op.find("d" * 64),
    "view": lambda bench: op.view(bench.submit().job_id, "ann"),
    "jobs_of": lambda bench: op.jobs_of(bench.submit().transcription_id),
    "list": lambda bench: op.list_jobs(JobQuery(bench.view(bench.submit().job_id).tenant, 10)),
    "marks": lambda bench: op.marks([bench.submit().job_id]),
    "news": lambda bench: events.news(Wishes({bench.submit().job_id: None}, [("tr", 0)], [("ann", None)])),
    "pool_view": lambda _: op.pool_view(POOL),
    "overdue": lambda _: removal.overdue(10),
    "strangers": lambda _: removal.strangers(["job/none"]),
    "ended_jobs": lambda _: removal.ended_jobs("0", 10),
    "census": lambda _: op.census(),
    "usage": lambda _: op.usage(),
    "life": lambda _: op.life(),
    "open_runs": lambda _: op.open_runs(),
    "redis_run": lambda _: op.redis_run(),
    "read_epoch": lambda _: op.read_epoch(),
}


@pytest.fixture(scope="module")
def redis_to_fill(redis_binaries: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(redis_binaries, tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def bench(redis_to_fill: RedisServer) -> Iterator[Bench]:
    with redis_client(redis_to_fill.url) as client:
        client.flushdb()
        bench = Bench(Ledger(client, lambda _: None, TEST_BOOK), client)
        bench.pass_time(0)
        bench.do(op.set_epoch("epoch-0"))
        yield bench
        client.config_set("maxmemory", 0)


def _fill(bench: Bench) -> None:
    bench.client.config_set("maxmemory", 1)


def test_every_script_is_tried_on_a_full_redis() -> None:
    assert sorted([*ENDING, *CREATING, *READING]) == list(operation_names())


@pytest.mark.parametrize("name", ENDING)
def test_what_ends_work_goes_through(bench: Bench, name: str) -> None:
    call = ENDING[name](bench)
    before = read_content(bench.client)
    _fill(bench)
    answer = bench.do(call)
    assert isinstance(answer, Answer) or name in (*COUNTING, *_OF_OUTBOX, "unregister", "drop_days", "end_restoring")
    assert (read_content(bench.client) != before) == (name not in (*COUNTING, "unregister"))


def test_a_run_over_its_quota_ends_though_its_plan_would_be_refused(bench: Bench) -> None:
    call = _plan_over_quota(bench)
    _fill(bench)
    answer = bench.do(call)
    assert isinstance(answer, Committed)
    assert [run.code for run in answer.failed_runs] == ["quota_exceeded"]


@pytest.mark.parametrize("name", CREATING)
def test_what_begins_work_is_refused_and_changes_nothing(bench: Bench, name: str) -> None:
    call = CREATING[name](bench)
    bench.pass_time(0)
    before = read_content(bench.client)
    _fill(bench)
    with pytest.raises(TransientError) as refusal:
        bench.do(call)
    assert refusal.value.code is ErrorCode.LEDGER_UNAVAILABLE
    assert read_content(bench.client) == before


@pytest.mark.parametrize("name", READING)
def test_what_only_reads_answers(bench: Bench, name: str) -> None:
    call = READING[name](bench)
    _fill(bench)
    bench.do(call)
