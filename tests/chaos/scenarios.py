"""The scenarios with gates of their own: a poison file, an outage of Redis, a Redis that comes back empty."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.chaos.audit import Audit, read_audit
from tests.chaos.checker import Fault, find_faults, percentile
from tests.chaos.client import Client
from tests.chaos.fleet import DEFAULT, RECOGNISERS, Fleet, Pace
from tests.chaos.history import Accepted, History, NotAccepted, Seen, now_ms
from tests.chaos.orders import Order
from tests.chaos.recordings import Recording, noise
from tests.chaos.report import Measure, at_most, none_of
from tests.waiting import wait_until

_END_S: Final = 180.0
_OUTAGE_S: Final = 60.0


class Stage:
    """A fleet with a client, for one scenario."""

    def __init__(self, fleet: Fleet, seed: int, webhook_url: str = "") -> None:
        self.fleet = fleet
        self.history = fleet.history = History(fleet.data_dir / "history.jsonl")
        self.client = Client(fleet.addresses, self.history, seed, webhook_url)
        self.recordings: dict[str, Recording] = {}
        self.audits: list[Audit] = []
        self._seed = seed

    def short_ones(self, name: str, count: int) -> list[Order]:
        """Orders of about a second each."""
        return [self.order(f"{name}-{number}", 0.5 + number % 4 / 3) for number in range(count)]

    def order(self, name: str, duration_s: float) -> Order:
        """An order of a recording of its own."""
        recording = noise(name, duration_s, hash_of(name, self._seed))
        self.recordings[name] = recording
        return Order(recording)

    def until(self, condition: Callable[[], bool], limit_s: float, what: str, but: Collection[str] = ()) -> None:
        """Waits and revives, all but some; a condition that does not come is left to the checker."""

        def is_so() -> bool:
            self.fleet.revive(but)
            return condition() or bool(self.client.trouble)

        try:
            wait_until(is_so, limit_s, what, 0.1)
        except AssertionError:
            return

    def note_audit(self) -> None:
        """Reads what this life of the ledger has committed."""
        self.audits.append(read_audit(self.fleet.redis.directory, self.fleet.pace.lease_ms))

    def faults(self) -> list[Fault]:
        """What the checker finds at the end."""
        self.until(self.client.is_done, _END_S, "the end of every job")
        self.client.end()
        self.client.read_all_again(30)
        self.note_audit()
        return find_faults(self.history, self.recordings, self.audits)

    def waits_s(self, jobs: set[str]) -> list[int]:
        """For each job that completed: milliseconds from its 202 to the look that found it so."""
        accepted = {event.job_id: event.at_ms for event in reversed(self.history.of(Accepted))}
        return [
            seen.at_ms - accepted[seen.job_id]
            for seen in self.history.of(Seen)
            if seen.status == "completed" and seen.job_id in jobs
        ]

    def jobs_of(self, name: str) -> set[str]:
        """Jobs whose recordings are called so."""
        return {event.job_id for event in self.history.of(Accepted) if event.recording.startswith(name)}


@contextmanager
def stage(
    redis_binary: Path,
    folder: Path,
    seed: int,
    pace: Pace = DEFAULT,
    settings: Mapping[str, str] | None = None,
    webhook_url: str = "",
) -> Iterator[Stage]:
    """A fleet that is ready, and its client; both ended at the end."""
    with Fleet(redis_binary, folder, pace, settings) as fleet:
        fleet.wait_ready()
        on_stage = Stage(fleet, seed, webhook_url)
        try:
            yield on_stage
        finally:
            on_stage.client.close()
            on_stage.history.close()


def poison(redis_binary: Path, folder: Path, seed: int) -> list[Measure]:
    """A recording that kills whoever hears it, among others that are recognised as if it were not there."""
    deadly = noise("poison", 1.0, hash_of("poison", seed))
    fault = {"FAKE_ENGINE_FAULT": f"crash@{deadly.audio_hash[:12]}"}
    with stage(redis_binary, folder, seed, settings=fault) as on:
        on.client.begin(on.short_ones("before", 40), over_s=30)
        on.until(on.client.is_done, _END_S, "the first jobs")
        on.recordings["poison"] = deadly
        poisoned = on.client.submit(Order(deadly))
        submitted_ms = now_ms()
        on.client.go_on(on.short_ones("beside", 40), over_s=30)
        faults = on.faults()
        endings = [seen for seen in on.history.of(Seen) if seen.job_id == poisoned and seen.status == "failed"]
        took_s = (endings[0].at_ms - submitted_ms) / 1000 if endings else _END_S
        attempts = endings[0].attempts if endings else 0
        before, beside = (percentile(on.waits_s(on.jobs_of(name)), 0.95) / 1000 for name in ("before", "beside"))
    return [
        Measure("poison file: attempts", "3", str(attempts), attempts == 3),
        at_most("poison file: until failed", 150, "s", took_s),
        at_most("poison file: others' p95 wait, more than without", 10, "s", beside - before, f"{before:.1f} before"),
        none_of("poison file: faults", [fault.text for fault in faults]),
    ]


def outage(redis_binary: Path, folder: Path, seed: int, is_frozen: bool) -> list[Measure]:
    """Redis is killed or frozen for a minute while every recogniser is at work and a client goes on submitting."""
    name = "Redis frozen for 60 s" if is_frozen else "Redis dead for 60 s"
    with stage(redis_binary, folder, seed) as on:
        # Each recogniser has one in hand when Redis goes, and is done with it before Redis is back.
        running = [on.order(f"running-{number}", 30) for number in range(len(RECOGNISERS))]
        on.client.begin(running, over_s=0.1)
        on.until(lambda: all(on.fleet.is_busy(worker) for worker in RECOGNISERS), 60, "three recognisers at work")
        on.client.go_on(on.short_ones("load", 40), over_s=_OUTAGE_S + 20)
        _without_redis(on, is_frozen)
        back_ms = now_ms()
        on.until(lambda: on.client.have_ended(on.jobs_of("running")), 60, "what ran through the outage")
        committed_s = (now_ms() - back_ms) / 1000
        on.until(lambda: any(event.at_ms >= back_ms for event in on.history.of(Accepted)), 60, "a 202")
        accepted_s = (now_ms() - back_ms) / 1000
        faults = on.faults()
        first_done = [seen.at_ms for seen in on.history.of(Seen) if seen.status == "completed" and seen.at_ms > back_ms]
        fresh = _first_fresh(on, back_ms)
    refused = [event for event in on.history.of(NotAccepted) if event.at_ms < back_ms]
    slowest_s = max((event.after_ms for event in refused), default=0) / 1000
    others = [f"{event.status} {event.code}" for event in refused if event.status != 503]
    caught_up = max(committed_s, accepted_s, fresh, (min(first_done, default=back_ms) - back_ms) / 1000)
    return [
        none_of(f"{name}: lost and other faults", [fault.text for fault in faults]),
        at_most(f"{name}: submit answers 503 within", 3, "s", slowest_s, f"{len(refused)} refused"),
        none_of(f"{name}: answers other than 503", others),
        at_most(f"{name}: caught up", 10, "s", caught_up, f"{committed_s:.1f} committed, {fresh:.1f} a new job done"),
    ]


def restarted_empty(redis_binary: Path, folder: Path, seed: int) -> list[Measure]:
    """Redis dies in the middle of everything, and its files with it."""
    with stage(redis_binary, folder, seed) as on:
        on.client.begin([on.order("long", 30), *on.short_ones("load", 60)], over_s=40)
        on.until(lambda: len(on.history.of(Accepted)) >= 35, 90, "half of the jobs")
        on.fleet.redis.kill()
        on.note_audit()
        shutil.rmtree(on.fleet.redis.directory)
        on.fleet.redis.start()
        back_ms = now_ms()
        on.until(lambda: not on.client.unanswered(), 120, "every job to answer")
        answered_s = (now_ms() - back_ms) / 1000
        faults = on.faults()
    return [
        at_most("Redis restarted empty: every 202 answers again within", 60, "s", answered_s),
        none_of("Redis restarted empty: lost and other faults", [fault.text for fault in faults]),
    ]


def hash_of(name: str, seed: int) -> int:
    """A number for a name, the same in every process."""
    return int.from_bytes(f"{seed}/{name}".encode(), "big") % (1 << 60)


def _without_redis(on: Stage, is_frozen: bool) -> None:
    redis = on.fleet.redis
    if is_frozen:
        pid = redis.child.pid
        os.kill(pid, signal.SIGSTOP)
        on.until(after(_OUTAGE_S), _OUTAGE_S + 5, "the end of the outage")
        os.kill(pid, signal.SIGCONT)
    else:
        redis.kill()
        on.until(after(_OUTAGE_S), _OUTAGE_S + 5, "the end of the outage")
        redis.start()


def after(seconds: float) -> Callable[[], bool]:
    """A condition that is met so many seconds from now."""
    until = time.monotonic() + seconds
    return lambda: time.monotonic() >= until


def _first_fresh(on: Stage, back_ms: int) -> float:
    """Seconds from Redis' return to the end of the first job that was accepted after it."""
    fresh = {event.job_id for event in on.history.of(Accepted) if event.at_ms >= back_ms}
    done = [seen.at_ms for seen in on.history.of(Seen) if seen.job_id in fresh and seen.status == "completed"]
    return (min(done) - back_ms) / 1000 if done else _END_S
