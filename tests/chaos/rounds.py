"""A round: orders submitted to a fleet while an agent strikes it, then peace, then the check."""

from dataclasses import dataclass
from typing import Final

from tests.chaos.agent import Agent, Blows
from tests.chaos.audit import Audit, read_audit
from tests.chaos.checker import Fault, find_faults
from tests.chaos.client import Client
from tests.chaos.fleet import Fleet
from tests.chaos.history import Accepted, History, Hurt
from tests.chaos.orders import draw_orders
from tests.waiting import wait_until

PEACE_S: Final = 120.0
"""Every accepted job must have ended so long after the last blow."""


@dataclass(frozen=True)
class Plan:
    """What a round does. ``over_s``: seconds over which the orders are spread; ``longest_s``: of audio."""

    seed: int
    jobs: int
    blows: Blows
    over_s: float
    longest_s: float


@dataclass(frozen=True)
class Outcome:
    """What a round gave."""

    history: History
    audit: Audit
    faults: list[Fault]

    @property
    def accepted(self) -> int:
        """Different jobs that got a 202."""
        return len({accepted.job_id for accepted in self.history.of(Accepted)})

    @property
    def kills(self) -> int:
        """Processes killed."""
        return sum(hurt.how == "kill" for hurt in self.history.of(Hurt))


def run_round(fleet: Fleet, plan: Plan) -> Outcome:
    """One round on a fleet that is ready."""
    orders = draw_orders(plan.seed, plan.jobs, plan.longest_s)
    history = fleet.history = History(fleet.data_dir / f"history-{plan.seed}.jsonl")
    client = Client(fleet.addresses, history, plan.seed)
    try:
        client.begin(orders, plan.over_s)
        Agent(fleet, plan.seed, plan.blows).strike()
        _wait_for_peace(fleet, client)
        client.end()
        client.read_all_again(PEACE_S)
    finally:
        client.close()
        history.close()
    recordings = {order.recording.name: order.recording for order in orders}
    audit = read_audit(fleet.redis.directory, fleet.pace.lease_ms)
    return Outcome(history, audit, find_faults(history, recordings, [audit]))


def _wait_for_peace(fleet: Fleet, client: Client) -> None:
    """Until every job has ended; after the limit the checker tells which have not."""

    def is_over() -> bool:
        fleet.revive()
        return client.is_done() or bool(client.trouble)

    try:
        wait_until(is_over, PEACE_S, "every job to end", 0.1)
    except AssertionError:
        return
