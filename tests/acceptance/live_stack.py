"""A whole stack of real processes for a test, and a small client that uses it as a person would."""

import threading
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from stenopool.local import stack as stack_module
from stenopool.local.commands import Choice, Place
from stenopool.local.ports import free_port
from stenopool.local.redis_server import RedisServer
from stenopool.local.stack import Stack
from stenopool.local.stopping import StopSignals
from tests.waiting import wait_until
from tests.warm_start import WarmChild

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"
JOB_LIMIT_S = 90.0


class People:
    """What a client does: submit, ask, read, cancel."""

    def __init__(self, stack: Stack, redis: RedisServer) -> None:
        self.stack = stack
        self.redis = redis
        self.http = httpx.Client(base_url=stack.place.address, trust_env=False, timeout=30)

    def pid(self, name: str) -> int:
        """Process id of one of the stack's processes by its name."""
        return next(child.pid for child in self.stack.children if child.name == name)

    def submit(self, media: Path, **fields: str) -> dict[str, Any]:
        with media.open("rb") as file:
            answer = self.http.post("/transcribe", files={"file": (media.name, file)}, data=fields)
        assert answer.status_code == 202, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def submit_at_once(self, media: Path, number: int, **fields: str) -> list[str]:
        """Submits the same file from ``number`` threads that wait for one another; the job ids."""
        gate = threading.Barrier(number)
        jobs: list[str] = []

        def submit() -> None:
            gate.wait(timeout=30)
            jobs.append(self.submit(media, **fields)["job_id"])

        threads = [threading.Thread(target=submit) for _ in range(number)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        return jobs

    def status(self, job_id: str) -> dict[str, Any]:
        answer = self.http.get(f"/status/{job_id}")
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def ended(self, job_id: str, limit_s: float = JOB_LIMIT_S) -> dict[str, Any]:
        """The status once the job has ended, however it did."""

        def look() -> dict[str, Any] | None:
            status = self.status(job_id)
            return status if status["status"] in ("completed", "failed", "cancelled") else None

        found = wait_until(look, limit_s, f"the end of job {job_id}", every_s=0.1)
        assert found is not None
        return found

    def running(self, job_id: str) -> dict[str, Any]:
        """The status once recognition has begun."""

        def look() -> dict[str, Any] | None:
            status = self.status(job_id)
            return status if status["status"] == "processing" and status["progress"] > 0 else None

        found = wait_until(look, JOB_LIMIT_S, f"progress of job {job_id}", every_s=0.05)
        assert found is not None
        return found

    def result(self, job_id: str) -> dict[str, Any]:
        answer = self.http.get(f"/result/{job_id}")
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def text(self, media: Path, **fields: str) -> str:
        """What is said in ``media``, from submission to result."""
        job_id = self.submit(media, **fields)["job_id"]
        status = self.ended(job_id)
        assert status["status"] == "completed", status
        text: str = self.result(job_id)["text"]
        return text

    def transcripts(self) -> list[Path]:
        """Transcripts in the store: one per run that completed."""
        return sorted((self.stack.place.data_dir / "store" / "transcripts").glob("*.json"))


@contextmanager
def live_stack(redis_binary: Path, data_dir: Path, choice: Choice) -> Iterator[People]:
    """All processes of the local runner on free ports, stopped at the end. Settings come from the environment.

    They are forks of processes that have loaded the program; test_demo.py and test_up.py start it by its command lines.
    """
    place = Place(data_dir=data_dir, host="127.0.0.1", port=free_port(), stop_grace_s=5)
    redis = RedisServer(redis_binary, data_dir / "redis")
    with (
        pytest.MonkeyPatch.context() as patch,
        StopSignals() as signals,
        Stack(place, choice, redis, signals) as stack,
    ):
        patch.setattr(stack_module, "Child", WarmChild)
        # Twenty at once are what some of these tests are about.
        patch.setenv("RATE_LIMIT_SUBMIT", "off")
        stack.start(lambda _: None)
        people = People(stack, redis)
        try:
            yield people
        finally:
            people.http.close()


def fast_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leases of three seconds: the same rules, ten times as fast."""
    for name, value in {"LEASE_S": "3", "BEAT_S": "0.5", "SWEEP_S": "1"}.items():
        monkeypatch.setenv(name, value)


def write_tone(path: Path, duration_s: float, hertz: int = 440) -> Path:
    """A WAV that no other call makes: 16 kHz mono, a square wave."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        half = 16_000 // (2 * hertz)
        period = (b"\x00\x20" * half) + (b"\x00\xe0" * half)
        file.writeframes((period * (round(duration_s * 16_000) // (2 * half) + 1))[: round(duration_s * 16_000) * 2])
    return path
