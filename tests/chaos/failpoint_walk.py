"""A walk through all failpoints: one installation that crashes at each, restarted as a supervisor would."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import httpx

from stenopool.failpoints import ONCE, Failpoint, mark
from stenopool.ledger import keys
from tests.chaos.audit import Audit, read_audit
from tests.chaos.checker import Fault, find_faults
from tests.chaos.client import Client
from tests.chaos.fleet import APIS, BOTH, FAST, HOUSE, Fleet
from tests.chaos.history import CancelAsked, History, RetryAsked
from tests.chaos.orders import Order
from tests.chaos.recordings import broken, noise
from tests.chaos.told import write_down
from tests.integration.beat.receivers import Receiver, Said, receiver
from tests.waiting import wait_until

LIMIT_S: Final = 180.0
KINDS: Final = ("prepare", "span", "assemble")
WORKERS: Final = [point for point in Failpoint if point.startswith(("worker_", "ending_"))]
SHORT: Final = (
    {
        *("worker_after_claim-prepare", "worker_amid_store-prepare", "worker_after_store-prepare"),
        *("worker_before_store-span", "worker_after_store-span", "worker_after_commit-span"),
        *("worker_after_started-assemble", "worker_after_store-assemble", "worker_after_commit-assemble"),
        "ending_before_manifests",
    },
)
"""Every failpoint in one kind of unit at least: each crash costs the start of a process."""


def names_of(point: Failpoint) -> set[str]:
    """What a failpoint's marks are called: one for each kind of unit that takes the step."""
    if point is Failpoint.WORKER_AMID_STORE:
        return {f"{point}-prepare"}
    return {f"{point}-{kind}" for kind in KINDS} if point.startswith("worker_") else {str(point)}


_ALL: Final = {name for point in WORKERS for name in names_of(point)}
_LATER: Final = {name for name in _ALL if name.startswith(("worker_amid", "worker_after_store", "ending"))}
WHOLE: Final = (_ALL - _LATER, _LATER)
"""Every failpoint in every kind of unit, in two parts: a unit has no more than three attempts."""


class Walk:
    """The steps of the walk, in order."""

    def __init__(self, redis_binary: Path, folder: Path) -> None:
        self.fleet = Fleet(redis_binary, folder, FAST, {"FAKE_ENGINE_SPEED": "0"}, (APIS[0], BOTH, HOUSE))
        self.history = self.fleet.history = History()
        self.crashed: set[str] = set()
        self.orders: list[Order] = []
        self.hears = Receiver([Said()])
        self.client = Client(self.fleet.addresses, self.history, seed=1)
        self.audits: list[Audit] = []

    def run(self, parts: Sequence[set[str]]) -> list[Fault]:
        """The whole walk; answers what must not have happened. ``parts`` are the crashes of workers."""
        with self.fleet, receiver() as self.hears:
            self.client = Client(self.fleet.addresses, self.history, seed=1, webhook_url=self.hears.url)
            try:
                self.fleet.wait_ready()
                asleep = self.fleet.freeze(BOTH)
                self.crash_the_api()
                self.crash_the_rebuild()
                self.fleet.thaw(BOTH, asleep)
                for number, part in enumerate(parts):
                    self.crash_the_worker(number, part)
                self.crash_the_house()
                self.note_audit()
            finally:
                self.client.close()
        return find_faults(self.history, {order.recording.name: order.recording for order in self.orders}, self.audits)

    def crash_the_api(self) -> None:
        """The same submission dies at each of its steps; so do a cancel and a retry."""
        self.fleet.stop(APIS[0])
        points = [point for point in Failpoint if point.startswith("api_")]
        self.fleet.start(APIS[0], FAIL_AT=_once(points))
        self.submit(Order(noise("keyed", 1.5, 1), key="keyed"))
        retried = self.submit(Order(noise("retried", 0.5, 2), key="retried"))
        self.insist("DELETE", f"/job/{retried}?only=active", {200}, retried)
        self.history.add(RetryAsked(retried))
        # The answer to the retry that went through was lost: the job goes on already.
        self.insist("POST", f"/jobs/{retried}/retry", {202, 409}, retried)
        self.crashed |= self.marks()

    def crash_the_rebuild(self) -> None:
        """Redis loses everything, and the rebuild dies at each of its steps."""
        self.fleet.stop(HOUSE)
        self.note_audit()
        self.fleet.redis.kill()
        shutil.rmtree(self.fleet.redis.directory)
        self.fleet.redis.start()
        points = {str(point) for point in Failpoint if point.startswith("rebuild_")}
        self.fleet.start(HOUSE, FAIL_AT=_once(sorted(points)))
        self.until(lambda: points <= self.marks(), "a crash at every step of the rebuild")
        self.until(lambda: not self.client.read_all_again(5), "every job to answer again")
        self.crashed |= self.marks()

    def crash_the_worker(self, number: int, part: set[str]) -> None:
        """Units die at each of the steps in ``part``; the ledger knows of every crash."""
        self.fleet.stop(BOTH)
        for name in _ALL:
            file = mark(self.fleet.data_dir / "run", name)
            file.unlink(missing_ok=True) if name in part else file.write_text("not now")
        self.fleet.start(BOTH, FAIL_AT=_once(WORKERS))
        self.submit(Order(noise(f"sound-{number}", 0.5, 10 + number)))
        self.submit(Order(broken(f"broken-{number}", 20 + number)))
        self.until(lambda: not self.client.open_jobs() and part <= self.marks(), f"every crash of {sorted(part)}")
        self.crashed |= self.marks()

    def crash_the_house(self) -> None:
        """Redis is restarted, and whoever compares it with the store dies over that; then a webhook is sent, and
        whoever sent it dies: before it is noted anywhere, and between the two notes.
        """
        self.fleet.stop(HOUSE)
        self.fleet.redis.kill()
        self.fleet.redis.start()
        points = {str(point) for point in Failpoint if point.startswith(("reconcile_", "webhook_"))}
        self.fleet.start(HOUSE, FAIL_AT=_once(sorted(points)))
        # Refused until store and ledger were compared, because it has a key.
        self.submit(Order(noise("told", 0.5, 30), key="told", is_to_be_told=True))
        with self.fleet.redis.client() as redis:
            self.until(
                lambda: points <= self.marks() and not redis.zcard(keys.OUTBOX), "a webhook, and all of it noted"
            )
        self.crashed |= self.marks()
        write_down(self.hears, self.history)

    def marks(self) -> set[str]:
        """The crashes that have happened; those that shall not are marked with words."""
        files = (self.fleet.data_dir / "run").glob("failed-at-*")
        return {file.name.removeprefix("failed-at-") for file in files if not file.stat().st_size}

    def submit(self, order: Order) -> str:
        """Submits until there is a 202."""
        self.orders.append(order)
        job_id = ""

        def is_accepted() -> bool:
            nonlocal job_id
            answer = self.client.submit_once(order)
            job_id = str(answer.body.get("job_id", ""))
            return answer.status == 202

        self.until(is_accepted, "a 202")
        return job_id

    def insist(self, method: str, path: str, wanted: set[int], job_id: str) -> None:
        """Asks until there is a wanted answer."""

        def is_answered() -> bool:
            try:
                status = httpx.request(method, self.fleet.addresses[0] + path, trust_env=False, timeout=10).status_code
            except httpx.TransportError:
                status = None
            if method == "DELETE":
                # Written down as one that may have been taken: the retry takes it back.
                self.history.add(CancelAsked(job_id, None))
            return status in wanted

        self.until(is_answered, f"an answer to {method}")

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Waits, starts what has crashed, and looks at every open job meanwhile."""

        def is_so() -> bool:
            for job_id in self.client.open_jobs():
                self.client.look(job_id)
            if not self.fleet.is_up(HOUSE):
                self.hurry()
            self.fleet.revive()
            return condition()

        wait_until(is_so, LIMIT_S, what, 0.1)

    def hurry(self) -> None:
        """What a dead housekeeper held comes back by itself: its lock after 15 s, webhooks after 90. Not waited for."""
        with self.fleet.redis.client() as redis:
            redis.delete(keys.REBUILD_LOCK)
            for delivery_id in redis.zrange(keys.OUTBOX, 0, -1):
                redis.zadd(keys.OUTBOX, {delivery_id: 0}, xx=True)

    def note_audit(self) -> None:
        """Reads what this life of the ledger has committed."""
        self.audits.append(read_audit(self.fleet.redis.directory, self.fleet.pace.lease_ms))


def _once(points: Sequence[str]) -> str:
    return ",".join(f"{point}{ONCE}" for point in points)
