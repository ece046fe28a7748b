"""A worker does jobs: end to end, in any company of messages, and without a model in its main process."""

from pathlib import Path

from stenopool.ledger import operations as op
from stenopool.ledger.model import CancelOutcome, RunState
from stenopool.queueing.bell import queue_key
from stenopool.queueing.names import PREPARE
from tests.integration.worker.ground import BOTH, FAST, POOL, Ground
from tests.waiting import wait_until


def test_a_recording_becomes_a_transcript_through_one_worker_of_each_kind(grounds: Ground) -> None:
    grounds.start("-Q", PREPARE)
    grounds.start("-Q", POOL)
    job = grounds.submit(duration_s=2)
    transcript = grounds.completed(job)
    # Two seconds of audio, one segment of the fake engine for each.
    assert [(segment.start, segment.end) for segment in transcript.segments] == [(0, 1), (1, 2)]
    assert transcript.duration == 2
    assert transcript.identity.engine == "fake"


def test_decoded_audio_is_removed_after_the_end_of_its_run(grounds: Ground) -> None:
    grounds.start(*BOTH)
    job = grounds.submit()
    grounds.completed(job)
    wait_until(lambda: not _pcm(grounds, job.transcription_id), 5, "the decoded audio to go")
    assert list(grounds.store.keys(f"work/{job.transcription_id}/")), "plan and spans stay"


def test_decoded_audio_stays_where_ledger_and_store_do_not_share_an_epoch(grounds: Ground) -> None:
    worker = grounds.start(*BOTH)
    grounds.redis.set("steno:epoch", "f" * 32)
    job = grounds.submit()
    grounds.completed(job)
    wait_until(lambda: "nothing waits" in worker.log(), 5, "the end of the shift")
    assert _pcm(grounds, job.transcription_id)


def _pcm(grounds: Ground, run: str) -> list[str]:
    return [key for key in grounds.store.keys(f"work/{run}/") if key.endswith(".pcm")]


def test_what_is_no_audio_fails_by_its_own_fault_and_its_manifest_says_so(grounds: Ground) -> None:
    worker = grounds.start(*BOTH)
    job = grounds.submit(media=b"\x89PNG\r\n\x1a\n" + b"\0" * 2000)
    view = grounds.ended(job)
    assert (view.state, view.attempt) == (RunState.FAILED, 1)
    ending = wait_until(lambda: grounds.manifest(job).ending, 5, "the ending in the manifest")
    assert ending is not None
    assert (ending.state, ending.code) == ("failed", view.reason)
    assert worker.child.exit_code is None


def test_a_recording_that_vanished_fails_as_input_missing(grounds: Ground) -> None:
    job = grounds.submit()
    grounds.store.delete(grounds.manifest(job).media_key)
    grounds.start(*BOTH)
    assert grounds.ended(job).reason == "input_missing"


def test_extra_bells_find_nothing_and_change_nothing(grounds: Ground) -> None:
    worker = grounds.start(*BOTH)
    job = grounds.submit()
    grounds.bell.ring({PREPARE: 5, POOL: 5})
    grounds.completed(job)
    wait_until(lambda: not grounds.redis.llen(queue_key(PREPARE)), 10, "the bells to be heard")
    wait_until(lambda: worker.log().count("nothing waits") > 3, 10, "empty shifts")
    assert grounds.view(job).attempt == 1
    assert grounds.commits() == 1


def test_a_cancelled_job_stops_at_the_next_segment_and_frees_its_worker(grounds: Ground) -> None:
    worker = grounds.start(*BOTH, FAKE_ENGINE_SPEED="2", **FAST)
    job = grounds.submit(duration_s=40)
    grounds.recognising(job)
    assert grounds.ledger.do(op.cancel(job.job_id, "t")).outcome is CancelOutcome.CANCELLED
    # A beat, and one segment of half a second; the whole would have taken 20 s.
    wait_until(lambda: "span 1/1 stopped" in worker.log(), 5, "the work to stop")
    assert grounds.view(job).state is RunState.CANCELLED
    grounds.completed(grounds.submit(duration_s=1))
    assert grounds.commits() == 1


def test_the_main_process_holds_no_model_code_while_its_child_does(grounds: Ground) -> None:
    worker = grounds.start(*BOTH)
    grounds.completed(grounds.submit())
    [child] = worker.children()
    assert "ctranslate2" in _mapped(child)
    for library in ("ctranslate2", "onnxruntime", "libav", "numpy"):
        assert library not in _mapped(worker.pid)


def _mapped(pid: int) -> str:
    return Path(f"/proc/{pid}/maps").read_text()


def test_two_children_of_one_worker_work_at_once(grounds: Ground) -> None:
    grounds.start(*BOTH, "--concurrency", "2", FAKE_ENGINE_SPEED="1")
    jobs = [grounds.submit(duration_s=6), grounds.submit(duration_s=6)]
    for job in jobs:
        grounds.recognising(job)
    assert [grounds.view(job).state for job in jobs] == [RunState.PROCESSING] * 2
    for job in jobs:
        grounds.completed(job)


def test_a_recycled_child_is_not_taken_for_a_dead_one(grounds: Ground) -> None:
    worker = grounds.start(*BOTH, WORKER_MAX_TASKS="1")
    first = worker.children()
    grounds.completed(grounds.submit())
    wait_until(lambda: worker.children() != first and worker.children(), 15, "the new child")
    grounds.completed(grounds.submit())
    assert "child_died" not in worker.log()


def test_an_idle_worker_leaves_neither_register_entry_nor_files(grounds: Ground) -> None:
    worker = grounds.start(*BOTH)
    run_folder = grounds.settings.data_dir / "run"
    assert list(run_folder.glob("worker-*"))
    worker.child.stop(20)
    assert worker.child.exit_code == 0
    assert grounds.ledger.do(op.pool_view(POOL)).live_workers == 0
    assert not list(run_folder.glob("worker-*"))
