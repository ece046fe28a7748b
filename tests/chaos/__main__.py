"""``make chaos``: long rounds from several seeds, every failpoint, the scenarios; a table, JSON, and non-zero on a miss.

Everything runs at the leases of a real installation, one part after the other, each bounded in time and number.
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from stenopool.local.redis_server import find_redis_server
from tests.chaos import scenarios
from tests.chaos.agent import Blows
from tests.chaos.busy import busy
from tests.chaos.checker import Gate, percentile, recoveries_ms, returns_ms
from tests.chaos.failpoint_walk import WHOLE, Walk
from tests.chaos.fleet import DEFAULT, ROOT, Fleet
from tests.chaos.recovery import recovery
from tests.chaos.report import Measure, as_json, at_most, none_of, table
from tests.chaos.rounds import Outcome, Plan, run_round

_SECONDS_PER_KILL: Final = (2.0, 6.0)
_LONGEST_S: Final = 8.0
_TOLD_S: Final = 120.0
_IN_LINE: Final = "worker killed until its unit is in line again"


def main() -> int:
    """Runs what the command line asks for."""
    wanted = _arguments()
    folder = Path(tempfile.mkdtemp(prefix="stenopool-chaos-"))
    redis_binary = find_redis_server(ROOT / ".cache")
    began = time.monotonic()
    measures: list[Measure] = []
    for name, part in _parts(redis_binary, folder, wanted).items():
        if wanted.only and name not in wanted.only:
            continue
        sys.stdout.write(f"chaos: {name} begins, after {time.monotonic() - began:.0f} s\n")
        sys.stdout.flush()
        measures += part()
    facts: dict[str, object] = {
        "seeds": wanted.seeds,
        "jobs": wanted.jobs,
        "kills": wanted.kills,
        "took_s": round(time.monotonic() - began),
    }
    sys.stdout.write(f"\n{table(measures)}\n\nseeds {wanted.seeds}, {facts['took_s']} s, logs in {folder}\n")
    wanted.json.write_text(as_json(measures, facts) + "\n", encoding="utf-8")
    return 0 if all(measure.is_met for measure in measures) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seeds", type=lambda text: [int(seed) for seed in text.split(",")], default=None)
    parser.add_argument("--rounds", type=int, default=3, help="so many seeds are drawn where none are given")
    parser.add_argument("--jobs", type=int, default=500)
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--json", type=Path, default=Path("chaos.json"))
    parser.add_argument("--only", nargs="*", help="rounds recovery failpoints poison outage frozen empty busy")
    wanted = parser.parse_args()
    drawing = random.SystemRandom()
    wanted.seeds = wanted.seeds or [drawing.randrange(1 << 30) for _ in range(wanted.rounds)]
    return wanted


def _parts(redis: Path, folder: Path, wanted: argparse.Namespace) -> dict[str, Callable[[], list[Measure]]]:
    seed: int = wanted.seeds[0]
    return {
        "rounds": lambda: _rounds(redis, folder, wanted),
        "recovery": lambda: recovery(redis, folder / "recovery", seed),
        "failpoints": lambda: _failpoints(redis, folder / "failpoints"),
        "poison": lambda: scenarios.poison(redis, folder / "poison", seed),
        "outage": lambda: scenarios.outage(redis, folder / "outage", seed, is_frozen=False),
        "frozen": lambda: scenarios.outage(redis, folder / "frozen", seed, is_frozen=True),
        "empty": lambda: scenarios.restarted_empty(redis, folder / "empty", seed),
        "busy": lambda: busy(redis, folder / "busy", seed),
    }


def _rounds(redis: Path, folder: Path, wanted: argparse.Namespace) -> list[Measure]:
    outcomes = [_round(redis, folder / f"seed-{seed}", seed, wanted) for seed in wanted.seeds]
    accepted = sum(outcome.accepted for outcome in outcomes)
    kills = sum(outcome.kills for outcome in outcomes)
    mains, children = ([ms for outcome in outcomes for ms in _returns(outcome, what)] for what in ("main", "child"))
    begun = [ms for outcome in outcomes for ms in _recoveries(outcome)]
    faults = [fault for outcome in outcomes for fault in outcome.faults]
    return [
        Measure("jobs accepted, processes killed", "", f"{accepted}, {kills}", is_met=True),
        *(none_of(gate, [fault.text for fault in faults if fault.gate is gate]) for gate in Gate),
        at_most(f"{_IN_LINE}, p50", 35, "s", percentile(mains, 0.5) / 1000, f"{len(mains)} units"),
        at_most(f"{_IN_LINE}, p99", 45, "s", percentile(mains, 0.99) / 1000),
        at_most(
            "child killed until its unit is in line again, p99",
            45,
            "s",
            percentile(children, 0.99) / 1000,
            f"{len(children)} units",
        ),
        Measure(
            "either killed until its unit is begun again, behind the backlog, p50 and p99",
            "",
            f"{percentile(begun, 0.5) / 1000:.1f} s, {percentile(begun, 0.99) / 1000:.1f} s",
            is_met=True,
        ),
    ]


def _round(redis: Path, folder: Path, seed: int, wanted: argparse.Namespace) -> Outcome:
    blows = Blows(wanted.kills, zombies=max(1, wanted.kills // 10), apart_s=_SECONDS_PER_KILL, down_s=(0.0, 3.0))
    # The work lasts as long as the blows do.
    over_s = (blows.kills + blows.zombies) * sum(_SECONDS_PER_KILL) / 2
    with Fleet(redis, folder, DEFAULT) as fleet:
        fleet.wait_ready()
        outcome = run_round(fleet, Plan(seed, wanted.jobs, blows, over_s, _LONGEST_S, _TOLD_S))
    sys.stdout.write(
        f"chaos: seed {seed}, {outcome.accepted} jobs, {outcome.kills} kills, {len(outcome.faults)} faults\n"
    )
    sys.stdout.flush()
    return outcome


def _recoveries(outcome: Outcome) -> list[int]:
    return recoveries_ms(outcome.history, outcome.audit, frozenset({"main", "child"}))


def _returns(outcome: Outcome, what: str) -> list[int]:
    return returns_ms(outcome.history, outcome.audit, frozenset({what}))


def _failpoints(redis: Path, folder: Path) -> list[Measure]:
    walk = Walk(redis, folder)
    faults = walk.run(WHOLE)
    return [none_of(f"a crash at each of {len(walk.crashed)} steps: faults", [fault.text for fault in faults])]


if __name__ == "__main__":
    sys.exit(main())
