"""Everything that may happen to jobs before Redis is lost, at random from a seed."""

import random

from stenopool.ledger.model import RunState
from tests.integration.rebuild.office import Office


def a_long_day(office: Office, chance: random.Random, steps: int) -> set[str]:
    """Clients and workers do what they like; answers the jobs that were deleted."""
    deleted = set()
    spans = []
    for _ in range(steps):
        match chance.choice(["submit", "submit", "submit", "cancel", "begin", "finish", "fail", "die", "delete"]):
            case "submit":
                office.submit(chance.choice("abcdef"))
            case "cancel" if office.jobs:
                office.cancel(chance.choice(office.jobs))
            case "begin" if (span := office.next_span()) is not None:
                spans.append(span)
            case "finish" if spans:
                office.worker.finish_if_held(spans.pop(chance.randrange(len(spans))))
            case "fail" if spans:
                office.worker.fail(spans.pop(), "no_audio", chance.choice([None, "It has no sound track."]))
            case "die" if spans:
                # Held by a worker that is not heard of again.
                spans.pop()
            case "delete" if office.jobs:
                job_id = chance.choice(office.jobs)
                if office.shown(job_id).answer in (RunState.COMPLETED, RunState.CANCELLED) and job_id not in deleted:
                    office.delete(job_id)
                    deleted.add(job_id)
            case _:
                pass
    return deleted
