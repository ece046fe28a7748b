"""What kills, hangs or stops a worker costs no job, and no job more than its three attempts."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from stenopool.ledger import operations as op
from stenopool.ledger.model import RegisterOutcome, RunState, WorkerPulse
from stenopool.local.redis_server import RedisServer
from stenopool.queueing.bell import queue_key
from stenopool.queueing.names import PREPARE
from tests.integration.worker.ground import BOTH, FAST, IDENTITY, POOL, Ground, Worker, ground
from tests.waiting import wait_until

SLOW = {"FAKE_ENGINE_SPEED": "2"}
"""Audio-seconds per second: a segment takes half a second."""

LONG = "fault>5"
"""Faults strike in recordings of more than five seconds; the others are the jobs that must go on."""


def test_a_killed_child_costs_its_job_about_a_second(grounds: Ground) -> None:
    # The lease is the usual 30 s: whoever waited for it would not make it within the limit below.
    worker = grounds.start(*BOTH, **SLOW)
    job = grounds.submit(duration_s=10)
    grounds.recognising(job)
    [child] = worker.children()
    killed = time.monotonic()
    os.kill(child, signal.SIGKILL)
    wait_until(lambda: grounds.view(job).attempt == 2, 15, "the second attempt")
    assert time.monotonic() - killed < 8
    grounds.completed(job)
    assert grounds.commits() == 1
    assert worker.child.exit_code is None


def test_a_killed_main_process_costs_its_job_one_lease(grounds: Ground) -> None:
    first = grounds.start(*BOTH, **SLOW, **FAST)
    job = grounds.submit(duration_s=24)
    grounds.recognising(job)
    second = grounds.start(*BOTH, **SLOW, **FAST)
    [orphan] = first.children()
    os.kill(first.pid, signal.SIGKILL)
    grounds.completed(job)
    assert grounds.view(job).attempt == 2
    assert grounds.commits() == 1
    # Written after the commit.
    wait_until(lambda: "span 1/1 done" in second.log(), 10, "the second worker to say what it did")
    wait_until(lambda: orphan not in _all_pids(), 5, "the child of the killed worker to die")


def test_a_dead_worker_is_noticed_while_every_other_is_busy(grounds: Ground) -> None:
    """Neither an API nor a housekeeper runs here: the main processes sweep, whatever their children do."""
    slow = {**FAST, "FAKE_ENGINE_SPEED": "0.5"}
    first = grounds.start(*BOTH, **slow)
    lost = grounds.submit(duration_s=10)
    grounds.recognising(lost)
    grounds.start(*BOTH, **slow)
    busy = grounds.submit(duration_s=10)
    grounds.recognising(busy)
    os.kill(first.pid, signal.SIGKILL)
    # A lease of three seconds and the ten that are promised, three times.
    wait_until(lambda: grounds.ledger.do(op.census()).counts.get("expired.span"), 39, "the lease to be ended")
    assert grounds.view(lost).position == 1
    assert not grounds.view(busy).state.ended


def _all_pids() -> set[int]:
    return {int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()}


def test_an_engine_that_hangs_is_ended_by_its_watchdog_and_fails_at_the_third_attempt(grounds: Ground) -> None:
    _hangs(
        grounds, grounds.start(*BOTH, FAKE_ENGINE_FAULT=LONG.replace("fault", "hang"), UNIT_BASE_TIMEOUT_S="1", **FAST)
    )


def test_an_engine_that_hangs_with_the_interpreter_is_killed_from_outside(grounds: Ground) -> None:
    fast = {"LEASE_S": "1.5", "BEAT_S": "0.3", "SWEEP_S": "0.5"}
    _hangs(grounds, grounds.start(*BOTH, FAKE_ENGINE_FAULT=LONG.replace("fault", "hang_gil"), **fast))


def _hangs(grounds: Ground, worker: Worker) -> None:
    hanging = grounds.submit(duration_s=6)
    view = grounds.ended(hanging, 60)
    assert (view.state, view.reason, view.attempt) == (RunState.FAILED, "engine_timeout", 3)
    grounds.completed(grounds.submit(duration_s=1))
    assert worker.child.exit_code is None


def test_other_jobs_go_on_while_one_hangs(grounds: Ground) -> None:
    setting = {"FAKE_ENGINE_FAULT": LONG.replace("fault", "hang"), "UNIT_BASE_TIMEOUT_S": "8"}
    grounds.start(*BOTH, **setting, **FAST)
    grounds.start(*BOTH, **setting, **FAST)
    hanging = grounds.submit(duration_s=6)
    wait_until(lambda: grounds.view(hanging).stage == "span" and grounds.view(hanging).attempt == 1, 20, "the hang")
    grounds.completed(grounds.submit(duration_s=1), 6)
    assert grounds.view(hanging).state is RunState.PROCESSING


def test_memory_that_runs_out_ends_the_job_and_not_the_worker(grounds: Ground) -> None:
    worker = grounds.start(*BOTH, FAKE_ENGINE_FAULT=LONG.replace("fault", "memory"), **FAST)
    children = worker.children()
    view = grounds.ended(grounds.submit(duration_s=6))
    assert (view.state, view.reason, view.attempt) == (RunState.FAILED, "out_of_memory", 3)
    grounds.completed(grounds.submit(duration_s=1))
    assert worker.child.exit_code is None
    assert worker.children() == children


def test_a_crashing_engine_fails_its_job_at_the_third_attempt(grounds: Ground) -> None:
    worker = grounds.start(*BOTH, FAKE_ENGINE_FAULT=LONG.replace("fault", "crash"), **FAST)
    crashing = grounds.submit(duration_s=6)
    view = grounds.ended(crashing, 60)
    assert (view.state, view.reason, view.attempt) == (RunState.FAILED, "worker_lost", 3)
    # The main process writes it right after the ledger has decided.
    wait_until(lambda: grounds.manifest(crashing).ending, 10, "the ending in the manifest")
    grounds.completed(grounds.submit(duration_s=1))
    assert worker.child.exit_code is None


def test_a_worker_on_which_everything_fails_stops_and_says_so(grounds: Ground) -> None:
    worker = grounds.start(*BOTH, FAKE_ENGINE_FAULT="error", **FAST)
    jobs = [grounds.submit(duration_s=1) for _ in range(4)]
    assert worker.exit_code(30) != 0
    assert "3 different units failed in a row" in worker.log()
    # A sound machine then does them all.
    grounds.start(*BOTH, **FAST)
    for job in jobs:
        grounds.completed(job)


def test_one_bad_recording_does_not_stop_a_sound_worker(grounds: Ground) -> None:
    worker = grounds.start(*BOTH, FAKE_ENGINE_FAULT="error>5", **FAST)
    assert grounds.ended(grounds.submit(duration_s=6)).reason == "engine_failed"
    grounds.completed(grounds.submit(duration_s=1))
    assert worker.child.exit_code is None


def test_a_stopping_worker_finishes_the_unit_in_hand(grounds: Ground) -> None:
    worker = grounds.start(*BOTH, **SLOW)
    job, waiting = grounds.submit(duration_s=8), grounds.submit(duration_s=8)
    grounds.recognising(job)
    worker.child.signal(signal.SIGTERM)
    assert worker.exit_code(20) == 0
    assert grounds.view(job).state is RunState.COMPLETED
    assert grounds.view(waiting).done_s == 0


def test_a_unit_longer_than_the_grace_is_given_back_without_an_attempt(grounds: Ground) -> None:
    worker = grounds.start(*BOTH, STOP_GRACE_S="0.5", **SLOW)
    _gives_back(grounds, worker, lambda: worker.child.signal(signal.SIGTERM))


def test_a_second_signal_gives_the_unit_back_at_once(grounds: Ground) -> None:
    worker = grounds.start(*BOTH, STOP_GRACE_S="60", **SLOW)

    def twice() -> None:
        worker.child.signal(signal.SIGTERM)
        wait_until(lambda: "Warm shutdown" in worker.log(), 5, "the first signal")
        worker.child.signal(signal.SIGTERM)

    _gives_back(grounds, worker, twice)


def _gives_back(grounds: Ground, worker: Worker, stop: Callable[[], None]) -> None:
    job = grounds.submit(duration_s=40)
    grounds.recognising(job)
    before = time.monotonic()
    stop()
    assert worker.exit_code(15) == 0
    assert time.monotonic() - before < 8
    view = grounds.view(job)
    # Prepared once; the attempt at the span was refunded, and it waits again.
    assert (view.stage, view.position, view.attempt) == ("span", 1, 1)
    assert "span 1/1 given back" in worker.log()


def test_threat_29_a_worker_with_other_weights_neither_claims_nor_eats_bells(grounds: Ground) -> None:
    other = WorkerPulse("elsewhere:1:x", (POOL,), IDENTITY.replace("fake-1", "fake-2"), "elsewhere", 1, "idle")
    assert grounds.ledger.do(op.register(other, 60_000)).outcome is RegisterOutcome.OK
    worker = grounds.launch("-Q", POOL)
    wait_until(lambda: "worker_not_admitted" in worker.log(), 20, "the refusal")
    wait_until(lambda: "Canceling queue" in worker.log(), 10, "the end of listening")
    grounds.bell.ring({POOL: 3})
    grounds.ledger.do(op.unregister(other.worker_id))
    wait_until(lambda: "worker_admitted" in worker.log(), 10, "the admission")
    wait_until(lambda: worker.log().count("nothing waits") >= 3, 10, "the bells that had waited")
    assert "not admitted" not in worker.log()
    wait_until(lambda: not grounds.redis.llen(queue_key(POOL)), 5, "the last bell")


def test_weights_that_are_missing_stop_the_worker_with_one_line(grounds: Ground) -> None:
    worker = grounds.launch(
        "-Q",
        "recognise.faster-whisper.base",
        MODEL_SIZE="base",
        ENGINE="faster-whisper",
        MODEL_DIR="/nowhere",
        HF_HOME="/nowhere",
    )
    assert worker.exit_code(30) != 0
    assert worker.log().count("worker_stops") == 1


def test_a_queue_that_nobody_rings_stops_the_worker_with_one_line(grounds: Ground) -> None:
    worker = grounds.launch("-Q", "recognise.fake.faek")
    assert worker.exit_code(20) == 1
    assert (
        worker.log().strip()
        == f"worker: no queue is named recognise.fake.faek: with these settings there are prepare, {POOL}"
    )


def test_a_wrong_setting_stops_the_worker_with_one_line(grounds: Ground) -> None:
    worker = grounds.launch(*BOTH, LEASE_S="soon")
    assert worker.exit_code(20) == 1
    assert worker.log().startswith("worker: LEASE_S")
    assert "Traceback" not in worker.log()


def test_an_evicting_redis_stops_the_worker_with_one_line(own_redis: RedisServer, tmp_path: Path) -> None:
    with own_redis.client() as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
    with ground(own_redis.url, tmp_path) as made:
        worker = made.launch("-Q", PREPARE)
        assert worker.exit_code(20) == 1
        assert "noeviction" in worker.log()
        assert "Traceback" not in worker.log()


def test_work_survives_an_outage_of_redis(own_redis: RedisServer, tmp_path: Path) -> None:
    with ground(own_redis.url, tmp_path) as made:
        # Short beats: the work must still be going on when its first progress is seen.
        worker = made.start(*BOTH, **SLOW, BEAT_S="0.2")
        job = made.submit(duration_s=8)
        made.recognising(job)
        own_redis.kill()
        wait_until(lambda: "beat_failed" in worker.log(), 10, "the outage to be felt")
        own_redis.start()
        made.completed(job)
        assert made.view(job).attempt == 1
        made.completed(made.submit(duration_s=1))


def test_a_drained_worker_finishes_what_it_holds_and_claims_nothing_more(grounds: Ground) -> None:
    grounds.start(*BOTH, **SLOW)
    job = grounds.submit(duration_s=6)
    grounds.recognising(job)
    [name] = grounds.ledger.do(op.census()).workers
    assert command("drain", "--worker", name, **grounds.environment) == [name]
    waiting = grounds.submit(duration_s=1)
    grounds.completed(job)
    grounds.bell.ring({PREPARE: 1})
    wait_until(lambda: not grounds.redis.llen(queue_key(PREPARE)), 10, "the bell to be heard")
    assert grounds.view(waiting).state is RunState.QUEUED
    assert command("drain", **grounds.environment) == [name]
    assert command("drain", "--all", "--off", **grounds.environment) == []
    grounds.completed(waiting)


def command(*words: str, **environment: str) -> list[str]:
    """What ``stenopool`` answers, line by line."""
    done = subprocess.run(
        [sys.executable, "-m", "stenopool.cli", *words],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.split()


def test_long_recordings_wait_while_enough_is_decoded(grounds: Ground) -> None:
    # Nobody recognises yet. One second of decoded audio is enough, two are too many.
    grounds.start("-Q", PREPARE, PREPARED_AHEAD_S="1", SWEEP_S="0.5")
    first = grounds.submit(duration_s=2)
    wait_until(lambda: grounds.view(first).stage == "span", 20, "the first recording to be decoded")
    # What is known of a recording is its estimate.
    long = grounds.submit(duration_s=2, estimated_s=3600)
    short = grounds.submit(duration_s=2)
    wait_until(lambda: grounds.view(short).stage == "span", 20, "the short recording to be decoded")
    assert grounds.view(long).stage == "prepare"
    grounds.start("-Q", POOL)
    for job in (first, short, long):
        grounds.completed(job)
