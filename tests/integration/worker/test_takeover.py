"""What a run has finished is finished: another try, another submission, a rebuild decode and recognise nothing again."""

import asyncio
import hashlib
from collections import Counter
from dataclasses import dataclass

import pytest

from api.services.lookup import Lookup
from api.services.pools import PoolWatch
from api.services.retries import Retries
from api.services.submission import Submissions
from api.services.submission_rules import SubmissionRules
from api.services.uploads import Upload
from beat.retention import let_overdue_go
from stenopool.clock import from_ms
from stenopool.errors import ErrorCode, FatalError, TransientError
from stenopool.ids import new_id
from stenopool.ledger import operations as op
from stenopool.ledger import removal
from stenopool.ledger.model import RunState, WorkerPulse
from stenopool.media.kinds import WAV
from stenopool.media.store import manifest_key, work_key
from stenopool.rebuild import rebuild_if_lost
from tests.integration.rebuild.office import Awaited
from tests.integration.worker.ground import IDENTITY, POOL, Ground, Job, tone
from tests.integration.worker.here import BrokenStore, duty_here
from worker.duty import Duty
from worker.engines.fake import FakeEngine
from worker.shift import Shift
from worker.units import prepare

RULES = SubmissionRules("fake", ["fake"], 10_000, 1000)
BROKEN = FatalError(ErrorCode.INTERNAL_ERROR, "nothing can be assembled")


@dataclass
class Scene:
    grounds: Ground
    duty: Duty
    store: BrokenStore
    work: Counter[str]
    """How often media were decoded, speech was looked for, and an engine listened."""

    def shift(self) -> None:
        self.duty.files.note_success()
        Shift(self.duty).run()

    def failed(self, job: Job | None = None) -> Job:
        """A job whose span is recognised and whose transcript could not be put together."""
        job = job or self.grounds.submit()
        self.store.error = BROKEN
        self.shift()
        self.store.error = None
        assert self.grounds.view(job).state is RunState.FAILED
        assert self.work == {"decode": 1, "speech": 1, "listen": 1}
        return job

    def send(self, media: bytes, tenant: str = "t") -> Job:
        """The recording as a client sends it."""
        self.register()
        file = self.grounds.settings.data_dir / "upload"
        file.write_bytes(media)
        fingerprint = hashlib.sha256(media).hexdigest()
        upload = Upload(new_id(), file, "tone.wav", WAV, len(media), fingerprint, (("vad_filter", "false"),))
        ledger = Awaited(self.grounds.ledger)
        submissions = Submissions(ledger, self.store, PoolWatch(ledger), RULES)
        job_id = asyncio.run(submissions.submit(tenant, upload)).job_id
        view = self.grounds.ledger.do(op.view(job_id, tenant)).job
        assert view is not None
        return Job(job_id, view.transcription_id, manifest_key(from_ms(view.created_ms).date(), job_id))

    def retry(self, job: Job) -> Job:
        self.register()
        ledger = Awaited(self.grounds.ledger)
        pools = PoolWatch(ledger)
        retries = Retries(ledger, self.store, Lookup(ledger, self.store, pools), pools, RULES)
        asyncio.run(retries.retry(job.job_id, "t"))
        return Job(job.job_id, self.grounds.view(job).transcription_id, job.manifest_key)

    def register(self) -> None:
        self.grounds.ledger.do(op.register(WorkerPulse("here:1:a", (POOL,), IDENTITY, "here", 1, "idle"), 60_000))

    def lose_redis(self) -> None:
        self.grounds.redis.flushall()
        assert rebuild_if_lost(self.grounds.redis, self.grounds.ledger, self.store) is not None

    def audio(self) -> list[str]:
        return [key for key in self.store.keys("work/") if key.endswith(".pcm")]


@pytest.fixture
def scene(grounds: Ground, monkeypatch: pytest.MonkeyPatch) -> Scene:
    work: Counter[str] = Counter()
    for place, name, word in (
        (prepare, "decode_media", "decode"),
        (prepare, "detect_speech", "speech"),
        (FakeEngine, "recognise", "listen"),
    ):
        _count(monkeypatch, place, name, work, word)
    duty, store = duty_here(grounds)
    return Scene(grounds, duty, store, work)


def _count(monkeypatch: pytest.MonkeyPatch, place: object, name: str, work: Counter[str], word: str) -> None:
    real = getattr(place, name)

    def counted(*arguments: object, **named: object) -> object:
        work[word] += 1
        return real(*arguments, **named)

    monkeypatch.setattr(place, name, counted)


def test_a_retry_takes_over_what_the_failed_run_had_finished(scene: Scene) -> None:
    again = scene.retry(scene.failed())
    scene.shift()
    scene.grounds.completed(again)
    assert scene.work == {"decode": 1, "speech": 1, "listen": 1}
    # Audio goes with the end of the work, that of the earlier try too.
    assert scene.audio() == []


def test_a_new_submission_takes_over_what_the_failed_run_had_finished(scene: Scene) -> None:
    media = tone(2.0)
    first = scene.failed(scene.send(media))
    second = scene.send(media)
    assert second.transcription_id != first.transcription_id
    scene.shift()
    scene.grounds.completed(second)
    assert scene.work == {"decode": 1, "speech": 1, "listen": 1}
    # Nobody's failure becomes another's success.
    assert scene.grounds.view(first).state is RunState.FAILED


def test_a_new_submission_lost_with_redis_is_rebuilt_with_the_work_of_the_failed_run(scene: Scene) -> None:
    media = tone(2.0)
    scene.failed(scene.send(media))
    second = scene.send(media)
    scene.lose_redis()
    scene.shift()
    scene.grounds.completed(second)
    assert scene.work == {"decode": 1, "speech": 1, "listen": 1}


def test_a_submission_after_a_rebuild_finds_the_work_of_the_failed_run(scene: Scene) -> None:
    media = tone(2.0)
    scene.failed(scene.send(media))
    scene.lose_redis()
    second = scene.send(media)
    scene.shift()
    scene.grounds.completed(second)
    assert scene.work == {"decode": 1, "speech": 1, "listen": 1}


def test_nothing_is_taken_over_from_another_tenant(scene: Scene) -> None:
    media = tone(2.0)
    scene.failed(scene.send(media))
    scene.send(media, tenant="zoe")
    scene.shift()
    assert scene.work == {"decode": 2, "speech": 2, "listen": 2}


def test_work_that_was_deleted_with_its_job_is_done_again(scene: Scene) -> None:
    media = tone(2.0)
    first = scene.failed(scene.send(media))
    scene.grounds.ledger.do(removal.forget(first.job_id, "t"))
    let_overdue_go(scene.grounds.ledger, scene.store)
    second = scene.send(media)
    scene.shift()
    scene.grounds.completed(second)
    assert scene.work == {"decode": 2, "speech": 2, "listen": 2}


def test_a_retry_lost_with_redis_is_rebuilt_with_the_work_of_the_first_try(scene: Scene) -> None:
    again = scene.retry(scene.failed())
    scene.lose_redis()
    assert scene.grounds.view(again).transcription_id == again.transcription_id
    scene.shift()
    scene.grounds.completed(again)
    assert scene.work == {"decode": 1, "speech": 1, "listen": 1}


def test_a_second_retry_finds_the_work_of_a_run_before_the_last(scene: Scene) -> None:
    again = scene.retry(scene.failed())
    # Cancelled before anybody prepared it: this try has no work of its own.
    scene.grounds.ledger.do(op.cancel(again.job_id, "t"))
    last = scene.retry(again)
    scene.shift()
    scene.grounds.completed(last)
    assert scene.work == {"decode": 1, "speech": 1, "listen": 1}


def test_a_run_goes_on_after_a_loss_where_it_was(scene: Scene) -> None:
    job = scene.grounds.submit()
    scene.store.error = TransientError(ErrorCode.STORE_UNAVAILABLE, "away")
    scene.shift()
    scene.store.error = None
    assert scene.grounds.view(job).stage == "assemble"
    scene.lose_redis()
    assert scene.grounds.view(job).stage == "prepare"
    scene.shift()
    scene.grounds.completed(job)
    assert scene.work == {"decode": 1, "speech": 1, "listen": 1}


def test_audio_that_is_gone_is_decoded_again_and_nothing_else(scene: Scene) -> None:
    failed = scene.failed()
    for key in [*scene.audio(), *(key for key in scene.store.keys("work/") if key.endswith("span-0.json"))]:
        scene.store.delete(key)
    again = scene.retry(failed)
    scene.shift()
    scene.grounds.completed(again)
    assert scene.work == {"decode": 2, "speech": 1, "listen": 2}


def test_nobody_decodes_audio_that_nobody_will_listen_to(scene: Scene) -> None:
    failed = scene.failed()
    for key in scene.audio():
        scene.store.delete(key)
    again = scene.retry(failed)
    scene.shift()
    scene.grounds.completed(again)
    assert scene.work == {"decode": 1, "speech": 1, "listen": 1}


def test_what_another_model_heard_is_not_taken_over(scene: Scene) -> None:
    failed = scene.failed()
    [key] = [key for key in scene.store.keys("work/") if key.endswith("span-0.json")]
    body = scene.store.get(key).replace(b'"fake-1"', b'"fake-0"')
    scene.store.delete(key)
    scene.store.put(key, body)
    again = scene.retry(failed)
    scene.shift()
    assert scene.grounds.completed(again).identity.revision == "fake-1"
    assert scene.work == {"decode": 1, "speech": 1, "listen": 2}


def test_a_plan_that_cannot_be_read_is_made_again(scene: Scene) -> None:
    failed = scene.failed()
    for key in list(scene.store.keys(f"{work_key(failed.transcription_id)}/")):
        if key.count("/") == 2 and key.endswith(".json"):
            scene.store.delete(key)
            scene.store.put(key, b"{}")
    again = scene.retry(failed)
    scene.shift()
    scene.grounds.completed(again)
    assert scene.work == {"decode": 2, "speech": 2, "listen": 2}
