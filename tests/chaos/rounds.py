"""A round: orders submitted to a fleet while an agent strikes it, then peace, then the check."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.chaos.agent import Agent, Blows
from tests.chaos.audit import Audit, read_audit
from tests.chaos.checker import Fault, Gate, find_faults
from tests.chaos.client import Client
from tests.chaos.fleet import Fleet
from tests.chaos.history import Accepted, History, Hurt
from tests.chaos.orders import draw_orders
from tests.chaos.told import untold, write_down
from tests.integration.beat.receivers import receiver
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
    told_within_s: float = 0
    """So long every webhook may take after the last job's end; what a killed housekeeper had in hand takes 90 s."""


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
    with receiver() as hears:
        client = Client(fleet.addresses, history, plan.seed, hears.url)
        try:
            client.begin(orders, plan.over_s)
            Agent(fleet, plan.seed, plan.blows).strike()
            _wait(fleet, lambda: client.is_done() or bool(client.trouble), PEACE_S, "every job to end")
            left = client.submissions_left()
            client.end()
            client.read_all_again(PEACE_S)
            _wait(fleet, lambda: not untold(history, hears), plan.told_within_s, "every webhook")
            write_down(hears, history)
        finally:
            client.close()
            history.close()
        missing = untold(history, hears) if plan.told_within_s else ()
    recordings = {order.recording.name: order.recording for order in orders}
    audit = read_audit(fleet.redis.directory, fleet.pace.lease_ms)
    faults = find_faults(history, recordings, [audit])
    if left:
        faults.append(Fault(Gate.REFUSED, f"{left} of {plan.jobs} submissions"))
    faults += [Fault(Gate.TOLD, f"job {job_id} was never told") for job_id in missing]
    return Outcome(history, audit, faults)


def _wait(fleet: Fleet, condition: Callable[[], bool], limit_s: float, what: str) -> None:
    """Waits while a supervisor looks after the fleet; what does not come is for the checker to tell."""

    def is_so() -> bool:
        fleet.revive()
        return condition()

    try:
        wait_until(is_so, limit_s, what, 0.1)
    except AssertionError:
        return
