"""A walk through all failpoints: one installation that crashes at each, restarted as a supervisor would."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import httpx
from celery import Celery

from stenopool.failpoints import ONCE, Failpoint, mark
from stenopool.ledger import keys
from stenopool.queueing.celery_app import celery_settings
from stenopool.queueing.names import HOUSE as HOUSE_QUEUE
from stenopool.settings import load_settings
from tests.chaos.audit import Audit, read_audit
from tests.chaos.checker import Fault, Gate, find_faults
from tests.chaos.client import Client
from tests.chaos.fleet import APIS, BOTH, FAST, HOUSE, Fleet
from tests.chaos.history import CancelAsked, History, RetryAsked
from tests.chaos.orders import Order
from tests.chaos.recordings import broken, noise
from tests.chaos.told import write_down
from tests.integration.beat.receivers import Receiver, Said, receiver
from tests.waiting import wait_until

API: Final = APIS[0]
LIMIT_S: Final = 180.0
KINDS: Final = ("prepare", "span", "assemble")


def names_of(point: Failpoint) -> set[str]:
    """What a failpoint's marks are called: one for each kind of what takes the step."""
    if point is Failpoint.WORKER_AMID_STORE:
        return {f"{point}-prepare"}
    if point is Failpoint.DELETION_AFTER_MARK:
        return {f"{point}-api"}
    if point.startswith("deletion_"):
        return {f"{point}-api", f"{point}-house"}
    return {f"{point}-{kind}" for kind in KINDS} if point.startswith("worker_") else {str(point)}


def names_with(*beginnings: str) -> set[str]:
    """The marks of the failpoints whose names begin so."""
    return {name for point in Failpoint if point.startswith(beginnings) for name in names_of(point)}


WORKERS: Final = names_with("worker_", "ending_")
SHORT: Final = (
    {
        *("worker_after_claim-prepare", "worker_amid_store-prepare", "worker_after_store-prepare"),
        *("worker_before_store-span", "worker_after_store-span", "worker_after_commit-span"),
        *("worker_after_started-assemble", "worker_after_store-assemble", "worker_after_commit-assemble"),
        "ending_before_manifests",
    },
)
"""Every failpoint of workers in one kind of unit at least: each crash costs the start of a process."""

_LATER: Final = names_with("worker_amid", "worker_after_store", "ending_")
WHOLE: Final = (WORKERS - _LATER, _LATER)
"""Every failpoint of workers in every kind of unit, in two parts: a unit has no more than three attempts."""


class Walk:
    """The steps of the walk, in order."""

    def __init__(self, redis_binary: Path, folder: Path) -> None:
        self.fleet = Fleet(redis_binary, folder, FAST, {"FAKE_ENGINE_SPEED": "0"}, (API, BOTH, HOUSE))
        self.run_dir = self.fleet.data_dir / "run"
        self.history = self.fleet.history = History()
        self.crashed: set[str] = set()
        self.orders: list[Order] = []
        self.deleted: list[str] = []
        self.hears = Receiver([Said()])
        self.client = Client(self.fleet.addresses, self.history, seed=1)
        self.audits: list[Audit] = []

    def run(self, parts: Sequence[set[str]]) -> list[Fault]:
        """The whole walk; answers what must not have happened. ``parts`` are the crashes of workers."""
        self.allow(names_with("api_", "deletion_", "rebuild_", "reconcile_", "webhook_"))
        for name in (API, BOTH, HOUSE):
            self.fleet.tell(name, FAIL_AT=",".join(f"{point}{ONCE}" for point in Failpoint))
        with self.fleet, receiver() as self.hears:
            self.client = Client(self.fleet.addresses, self.history, seed=1, webhook_url=self.hears.url)
            try:
                self.fleet.wait_ready()
                asleep = self.fleet.freeze(BOTH)
                self.crash_the_api()
                self.crash_deletions()
                self.crash_the_rebuild()
                self.fleet.thaw(BOTH, asleep)
                for number, part in enumerate(parts):
                    self.crash_the_worker(number, part)
                self.crash_the_house()
                self.note_audit()
                found = [job_id for job_id in self.deleted if self.ask("GET", f"/status/{job_id}") != 404]
            finally:
                self.client.close()
        faults = find_faults(
            self.history, {order.recording.name: order.recording for order in self.orders}, self.audits
        )
        return faults + [Fault(Gate.CHANGED, f"job {job_id} was deleted and is back") for job_id in found]

    def crash_the_api(self) -> None:
        """The same submission dies at each of its steps; so do a cancel and a retry."""
        self.submit(Order(noise("keyed", 1.5, 1), key="keyed"))
        retried = self.submit(Order(noise("retried", 0.5, 2), key="retried"))
        self.cancel(retried)
        self.history.add(RetryAsked(retried))
        # The answer to the retry that went through was lost: the job goes on already.
        self.until(lambda: self.ask("POST", f"/jobs/{retried}/retry") in {202, 409}, "an answer to the retry")
        self.crashed |= self.marks()

    def crash_deletions(self) -> None:
        """One job's deletion dies in the API and then in the housekeeper that finishes it; another's in the API alone."""
        # With a history of their own: to the client they are gone.
        kept, self.client = self.client, Client(self.fleet.addresses, History(), seed=2)
        self.deleted = [self.submit(Order(noise(f"deleted-{number}", 0.5, 40 + number))) for number in range(2)]
        for job_id in self.deleted:
            self.cancel(job_id)
        self.client.close()
        self.client = kept
        left, repeated = self.deleted
        self.until(lambda: self.ask("DELETE", f"/jobs/{left}") is None, "a crash of the deletion")
        manifests = self.fleet.data_dir / "store" / "manifests"
        self.until(
            lambda: (
                self.retain() and not list(manifests.rglob(f"{left}*")) and not self.missing("deletion_", kind="house")
            ),
            "a deletion that the housekeeper finishes",
        )
        self.until(lambda: self.ask("DELETE", f"/jobs/{repeated}") == 200, "a deletion that is repeated")
        self.crashed |= self.marks()

    def crash_the_rebuild(self) -> None:
        """Redis loses everything, and the rebuild dies at each of its steps."""
        self.note_audit()
        self.fleet.redis.kill()
        shutil.rmtree(self.fleet.redis.directory)
        self.fleet.redis.start()
        self.until(lambda: not self.missing("rebuild_"), "a crash at every step of the rebuild")
        self.until(lambda: not self.client.read_all_again(5), "every job to answer again")
        self.crashed |= self.marks()

    def crash_the_worker(self, number: int, part: set[str]) -> None:
        """Units die at each of the steps in ``part``; the ledger knows of every crash."""
        self.allow(part | names_with("reconcile_", "webhook_"))
        self.submit(Order(noise(f"sound-{number}", 0.5, 10 + number)))
        self.submit(Order(broken(f"broken-{number}", 20 + number)))
        self.until(lambda: not self.client.open_jobs() and part <= self.marks(), f"every crash of {sorted(part)}")
        self.crashed |= self.marks()

    def crash_the_house(self) -> None:
        """Redis is restarted, and whoever compares it with the store dies over that; then a webhook is sent, and
        whoever sent it dies: before it is noted anywhere, and between the two notes.
        """
        self.fleet.kill(HOUSE)
        self.fleet.redis.kill()
        self.fleet.redis.start()
        # Refused until store and ledger were compared, because it has a key.
        self.submit(Order(noise("told", 0.5, 30), key="told", is_to_be_told=True))
        with self.fleet.redis.client() as redis:
            self.until(
                lambda: not self.missing("reconcile_", "webhook_") and not redis.zcard(keys.OUTBOX),
                "a webhook, and all of it noted",
            )
        self.crashed |= self.marks()
        write_down(self.hears, self.history)

    def allow(self, names: set[str]) -> None:
        """Lets these crashes happen, and none of the others; what has crashed already does so again."""
        self.run_dir.mkdir(parents=True, exist_ok=True)
        for name in names_with(""):
            file = mark(self.run_dir, name)
            file.unlink(missing_ok=True) if name in names else file.write_text("not now")

    def marks(self) -> set[str]:
        """The crashes that have happened; those that shall not are marked with words."""
        files = self.run_dir.glob("failed-at-*")
        return {file.name.removeprefix("failed-at-") for file in files if not file.stat().st_size}

    def missing(self, *beginnings: str, kind: str = "") -> set[str]:
        """Crashes that have not happened, of those whose names begin so and end with ``kind``."""
        return {name for name in names_with(*beginnings) if name.endswith(kind)} - self.marks()

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

    def cancel(self, job_id: str) -> None:
        """Cancels until there is an answer."""
        # Written down as one that may have been taken: the retry takes it back.
        self.history.add(CancelAsked(job_id, None))
        self.until(lambda: self.ask("DELETE", f"/job/{job_id}?only=active") == 200, "an answer to the cancel")

    def ask(self, method: str, path: str) -> int | None:
        """One request; its status, None where no answer came."""
        try:
            return httpx.request(method, self.fleet.addresses[0] + path, trust_env=False, timeout=10).status_code
        except httpx.TransportError:
            return None

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

    def retain(self) -> bool:
        """Asks the housekeeper for a round of retention, which comes by itself every 30 s."""
        app = Celery("walk", set_as_current=False, fixups=[])
        app.conf.update(celery_settings(load_settings({"REDIS_URL": self.fleet.redis.url}), (HOUSE_QUEUE,)))
        with app.connection_for_write() as connection:
            app.send_task("store.retain", queue=HOUSE_QUEUE, connection=connection, expires=5)
        return True

    def note_audit(self) -> None:
        """Reads what this life of the ledger has committed."""
        self.audits.append(read_audit(self.fleet.redis.directory, self.fleet.pace.lease_ms))
