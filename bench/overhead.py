"""What the platform adds to a job: submit to completed for a 3-second clip, the engine costing nothing.

Prints its median beside the round trip of a bare Celery task, measured in turns in one run on one Redis server: read
the ratio, not the milliseconds. ``make bench`` runs it; nothing asserts a time.
"""

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import redis
from celery import Celery

from bench.clips import write_clip
from stenopool.local.commands import Choice, Place
from stenopool.local.ports import free_port
from stenopool.local.processes import Child, Command
from stenopool.local.redis_server import RedisServer, find_redis_server
from stenopool.local.stack import Stack
from stenopool.local.stopping import StopSignals

CLIP_S = 3.0
ROUNDS = 5
JOBS_PER_ROUND = 20
ROOT = Path(__file__).parent.parent


def main() -> None:
    """Runs both arms in turns and prints one table and one JSON line."""
    with tempfile.TemporaryDirectory(prefix="stenopool-bench-") as folder, StopSignals() as signals:
        data = Path(folder)
        server = RedisServer(find_redis_server(ROOT / ".cache"), data / "redis")
        place = Place(data_dir=data / "data", host="127.0.0.1", port=free_port(), stop_grace_s=5)
        os.environ |= {"ALLOW_FAKE_ENGINE": "true", "RATE_LIMIT_SUBMIT": "off"}
        with Stack(place, Choice("fake", "fake"), server, signals) as stack:
            stack.start(print)
            noop = _start_noop(server.url, data)
            try:
                report(measure(place.address, server.url, data))
            finally:
                noop.stop(10)


def measure(address: str, redis_url: str, folder: Path) -> dict[str, list[float]]:
    """Milliseconds of every job and every round trip, the two arms in turns."""
    times: dict[str, list[float]] = {"job": [], "noop": []}
    clips = [write_clip(folder / f"clip-{n}.wav", CLIP_S, seed=n) for n in range(ROUNDS * JOBS_PER_ROUND + 2)]
    noop = Celery(broker=redis_url)
    with httpx.Client(base_url=address, trust_env=False, timeout=30) as http, redis.Redis.from_url(redis_url) as client:
        for arm in (lambda: _job(http, clips.pop()), lambda: _round_trip(noop, client)):
            arm()
            arm()
        for _ in range(ROUNDS):
            times["job"] += [_milliseconds(lambda: _job(http, clips.pop())) for _ in range(JOBS_PER_ROUND)]
            times["noop"] += [_milliseconds(lambda: _round_trip(noop, client)) for _ in range(JOBS_PER_ROUND)]
    return times


def report(times: dict[str, list[float]]) -> None:
    """A table for people, then the same as JSON."""
    medians = {arm: statistics.median(values) for arm, values in times.items()}
    print(f"3-second clip, submit to completed:  median {medians['job']:7.1f} ms")
    print(f"bare Celery no-op, there and back:   median {medians['noop']:7.1f} ms")
    print(f"ratio: {medians['job'] / medians['noop']:.1f} (load average {os.getloadavg()[0]:.1f})")
    print(json.dumps({"bench": "overhead", "median_ms": medians, "jobs": len(times["job"])}))


def _job(http: httpx.Client, clip: Path) -> None:
    with clip.open("rb") as body:
        job = http.post("/transcribe", files={"file": body}, data={"vad_filter": "false"}).raise_for_status().json()
    until = time.monotonic() + 30
    while http.get(f"/status/{job['job_id']}").raise_for_status().json()["status"] != "completed":
        if time.monotonic() > until:
            sys.exit("a job did not complete in 30 s")
        time.sleep(0.002)


def _round_trip(noop: Celery, client: redis.Redis) -> None:
    reply_to = f"noop:{time.monotonic_ns()}"
    noop.send_task("noop.answer", args=(reply_to,), ignore_result=True)
    if client.blpop([reply_to], timeout=30) is None:
        sys.exit("the no-op did not answer in 30 s")


def _milliseconds(work: Callable[[], None]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000


def _start_noop(redis_url: str, folder: Path) -> Child:
    argv = [sys.executable, "-m", "celery", "-A", "bench.noop_app", "worker", "--without-gossip", "--without-mingle"]
    environment = {**os.environ, "NOOP_REDIS_URL": redis_url, "PYTHONPATH": str(ROOT)}
    return Child(Command("noop", argv, folder / "noop.log", environment))


if __name__ == "__main__":
    main()
