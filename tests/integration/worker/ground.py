"""Real workers on a real Redis and a real store: what the tests of this folder stand on."""

import io
import math
import os
import secrets
import struct
import sys
import wave
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from stenopool.ids import new_id
from stenopool.ledger import operations as op
from stenopool.ledger.ledger import Ledger
from stenopool.ledger.model import NO_QUOTAS, JobView, Quotas, RunState, Submission, SubmitOutcome
from stenopool.local.processes import Command
from stenopool.media.epoch import found_epoch
from stenopool.media.local_store import LocalStore
from stenopool.media.manifest import Manifest, read_manifest
from stenopool.media.store import manifest_key, media_key, work_key
from stenopool.queueing.bell import Bell
from stenopool.queueing.names import PREPARE, recognise_pool
from stenopool.redis_pools import redis_client
from stenopool.settings import load_settings
from stenopool.transcripts.digest import transcription_digest
from stenopool.transcripts.model import EngineIdentity, Transcript
from stenopool.transcripts.options import Options, stored_options
from tests.processes import descendants
from tests.waiting import wait_until
from tests.warm_start import WarmChild

ROOT = Path(__file__).parents[3]
POOL = recognise_pool("fake", "fake")
IDENTITY = EngineIdentity(engine="fake", model="fake", revision="fake-1", compute_type="none").canonical()
START_LIMIT_S = 40.0
JOB_LIMIT_S = 40.0


@dataclass(frozen=True)
class Job:
    job_id: str
    transcription_id: str
    manifest_key: str


class Worker:
    """A running ``celery worker``."""

    def __init__(self, child: WarmChild) -> None:
        self.child = child

    @property
    def pid(self) -> int:
        return self.child.pid

    def children(self) -> list[int]:
        """Pool children that wrote their file, by the process table."""
        return sorted(pid for pid in descendants(self.pid) if "spawn_main" in command_line(pid))

    def log(self) -> str:
        return self.child.command.log.read_text(errors="replace")

    def exit_code(self, limit_s: float) -> int:
        assert self.child.wait(limit_s), "the worker did not end:\n" + self.child.log_tail(60)
        code = self.child.exit_code
        assert code is not None
        return code


class Ground:
    """Redis, store, ledger and a bell; submits jobs as the API would, starts workers as a person would."""

    def __init__(self, redis_url: str, data_dir: Path, logs: Path, stack: ExitStack) -> None:
        self.environment = {
            "REDIS_URL": redis_url,
            "DATA_DIR": str(data_dir),
            "ENGINE": "fake",
            "MODEL_SIZE": "fake",
            "ALLOW_FAKE_ENGINE": "true",
            "LOG_FORMAT": "json",
            "MIN_FREE_DISK_MB": "0",
        }
        self.settings = load_settings(self.environment)
        self.redis = redis_client(redis_url)
        self.bell = Bell(self.settings)
        self.ledger = Ledger(self.redis, self.bell.ring)
        self.store = LocalStore(data_dir / "store")
        self.ledger.do(op.set_epoch(found_epoch(self.store, new_id())))
        self.logs = logs
        self._stack = stack
        self._workers = 0

    def start(self, *options: str, **environment: str) -> Worker:
        """A worker, and the wait until it is admitted."""
        worker = self.launch(*options, **environment)
        wait_until(lambda: "worker_admitted" in worker.log() or worker.child.exit_code, START_LIMIT_S, "the worker")
        assert worker.child.exit_code is None, worker.log()
        return worker

    def launch(self, *options: str, **environment: str) -> Worker:
        """A worker, not waited for."""
        self._workers += 1
        argv = [sys.executable, "-W", "error", "-m", "stenopool.queueing.worker_program", "worker.app", *options]
        argv += ["-n", f"w{self._workers}@%h", "--without-mingle", "--without-gossip"]
        child = WarmChild(
            Command("worker", argv, self.logs / f"w{self._workers}.log", self._environment(environment), ROOT)
        )
        self._stack.callback(child.kill)
        return Worker(child)

    def submit(
        self,
        duration_s: float = 2.0,
        media: bytes | None = None,
        request_id: str | None = None,
        quotas: Quotas = NO_QUOTAS,
        estimated_s: float | None = None,
    ) -> Job:
        """A job as the API would submit it: media, manifest, record."""
        upload, job_id, run = new_id(), new_id(), new_id()
        body = tone(duration_s) if media is None else media
        self.store.put(media_key(upload), body)
        now = datetime.now(UTC)
        options = Options(vad_filter=False).canonical()
        # Two tones may be alike by chance; two jobs here never are.
        fingerprint = secrets.token_hex(32)
        digest = transcription_digest("t", fingerprint, stored_options(options), IDENTITY)
        manifest = Manifest(
            job_id=job_id,
            tenant="t",
            name="tone.wav",
            digest=digest,
            transcription_id=run,
            media_key=media_key(upload),
            pool=POOL,
            identity=IDENTITY,
            options=options,
            fingerprint=fingerprint,
            size_bytes=len(body),
            request_hash="0" * 64,
            submitted_at=now,
        )
        key = manifest_key(now.date(), job_id)
        self.store.replace(key, manifest.to_bytes())
        submission = Submission(
            job_id=job_id,
            transcription_id=run,
            tenant="t",
            name="tone.wav",
            digest=digest,
            pool=POOL,
            identity=IDENTITY,
            options=options,
            request_hash="0" * 64,
            media_key=media_key(upload),
            work_key=work_key(run),
            request_id=request_id,
            estimated_s=duration_s if estimated_s is None else estimated_s,
            quotas=quotas,
        )
        assert self.ledger.do(op.submit(submission)).outcome is SubmitOutcome.CREATED
        return Job(job_id, run, key)

    def view(self, job: Job) -> JobView:
        found = self.ledger.do(op.view(job.job_id, "t")).job
        assert found is not None
        return found

    def ended(self, job: Job, limit_s: float = JOB_LIMIT_S) -> JobView:
        """The job once it has ended, however."""

        def look() -> JobView | None:
            view = self.view(job)
            return view if view.state.ended else None

        found = wait_until(look, limit_s, f"the end of a job, now {self.view(job)}")
        assert found is not None
        return found

    def completed(self, job: Job, limit_s: float = JOB_LIMIT_S) -> Transcript:
        view = self.ended(job, limit_s)
        assert view.state is RunState.COMPLETED, view
        assert view.transcript_key is not None
        return Transcript.model_validate_json(self.store.get(view.transcript_key))

    def recognising(self, job: Job, limit_s: float = JOB_LIMIT_S) -> JobView:
        """The job once its first segments were reported."""

        def look() -> JobView | None:
            view = self.view(job)
            return view if view.done_s > 0 else None

        found = wait_until(look, limit_s, "progress of a job")
        assert found is not None
        return found

    def manifest(self, job: Job) -> Manifest:
        return read_manifest(self.store.get(job.manifest_key))

    def commits(self) -> int:
        """Transcripts in the store."""
        return len(list(self.store.keys("transcripts/")))

    def _environment(self, changes: Mapping[str, str]) -> dict[str, str]:
        return {**os.environ, **self.environment, **changes}


@contextmanager
def ground(redis_url: str, folder: Path) -> Iterator[Ground]:
    """A ground whose workers are gone at its end."""
    with ExitStack() as stack:
        made = Ground(redis_url, folder / "data", folder / "logs", stack)
        stack.callback(made.redis.close)
        stack.callback(made.bell.close)
        yield made


def tone(duration_s: float) -> bytes:
    """A WAV that no other call makes: 16 kHz mono, a sine of random pitch."""
    pitch = 0.01 + secrets.randbelow(1000) / 10_000
    samples = (round(8000 * math.sin(index * pitch)) for index in range(round(duration_s * 16_000)))
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return buffer.getvalue()


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")
    except OSError:
        return ""


FAST = {"LEASE_S": "3", "BEAT_S": "0.3", "SWEEP_S": "0.5"}
"""The same rules with a tenth of the patience."""

BOTH = ("-Q", f"{PREPARE},{POOL}")
