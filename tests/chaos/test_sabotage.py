"""On a platform without fencing, leases and manifests the checker finds what each of them prevents."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.audit import read_audit
from tests.chaos.checker import Fault, Gate, find_faults
from tests.chaos.client import Client
from tests.chaos.fleet import APIS, HOUSE, Fleet, Pace
from tests.chaos.history import History, Unknown
from tests.chaos.orders import Order
from tests.chaos.recordings import Recording, noise
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(400)

PACE = Pace(lease_s=2, beat_s=0.5, sweep_s=0.5, speed=4)
LIMIT_S = 90.0
BOTH = ("both-1", "both-2")


@pytest.fixture(scope="module")
def fleet(redis_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    folder = tmp_path_factory.mktemp("sabotage")
    with Fleet(redis_binary, folder, PACE, kinds=(APIS[0], *BOTH, HOUSE), through="tests.chaos.sabotage") as fleet:
        fleet.wait_ready()
        yield fleet


class Act:
    """One recording is submitted, something happens to it, and the checker looks."""

    def __init__(self, fleet: Fleet, recording: Recording) -> None:
        self.fleet = fleet
        self.recording = recording
        self.history = fleet.history = History()
        self.client = Client(fleet.addresses, self.history, seed=1)
        job_id = self.client.submit(Order(recording))
        assert job_id
        self.job_id = job_id

    def busy(self) -> str:
        """The worker that holds the only unit."""
        return wait_until(
            lambda: next((name for name in BOTH if self.fleet.is_busy(name)), ""), LIMIT_S, "a worker", 0.005
        )

    def is_at(self, *states: str) -> bool:
        self.client.look(self.job_id)
        return self.client.last_seen()[self.job_id] in states

    def is_forgotten(self) -> bool:
        """Whether the job was answered with 404."""
        return bool(self.history.of(Unknown))

    def faults(self) -> list[Fault]:
        self.client.read_all_again(10)
        self.client.close()
        audit = read_audit(self.fleet.redis.directory, PACE.lease_ms)
        return find_faults(self.history, {self.recording.name: self.recording}, [audit])


def test_without_fencing_a_second_commit_is_found(fleet: Fleet) -> None:
    act = Act(fleet, noise("fenced", 40, 1))
    sleeper = act.busy()
    asleep = fleet.freeze(sleeper)
    other = next(name for name in BOTH if name != sleeper)
    wait_until(lambda: "span" in fleet.labels(other), LIMIT_S, "the other worker to be a step ahead", 0.05)
    fleet.thaw(sleeper, asleep)
    wait_until(lambda: act.is_at("completed", "failed"), LIMIT_S, "an end", 0.1)
    assert Gate.TWICE in {fault.gate for fault in act.faults()}


def test_without_leases_a_lost_job_is_found(fleet: Fleet) -> None:
    act = Act(fleet, noise("leased", 20, 2))
    wait_until(lambda: any("span" in fleet.labels(name) for name in BOTH), LIMIT_S, "a span in hand", 0.02)
    victim = act.busy()
    fleet.kill(victim)
    over = time.monotonic() + 3 * PACE.lease_s
    wait_until(lambda: time.monotonic() > over, LIMIT_S, "the lease to be over by far")
    found = act.faults()
    fleet.start(victim)
    # The other worker was there and idle all the time.
    assert Gate.LOST in {fault.gate for fault in found}


def test_without_manifests_a_forgotten_job_is_found(fleet: Fleet) -> None:
    act = Act(fleet, noise("told", 1, 3))
    wait_until(lambda: act.is_at("completed"), LIMIT_S, "its end", 0.1)
    fleet.redis.kill()
    shutil.rmtree(fleet.redis.directory)
    fleet.redis.start()
    wait_until(
        lambda: act.is_at("completed") and act.is_forgotten(), LIMIT_S, "an answer of a ledger that knows nothing"
    )
    assert Gate.LOST in {fault.gate for fault in act.faults()}
