"""Sixty jobs and ten kills, twice: once from a seed that stays, once from one that nobody knows."""

import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.agent import Blows
from tests.chaos.fleet import FAST, Fleet
from tests.chaos.rounds import Plan, run_round

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def fleet(redis_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    with Fleet(redis_binary, tmp_path_factory.mktemp("chaos"), FAST) as fleet:
        fleet.wait_ready()
        yield fleet


@pytest.mark.parametrize("seed", [20_261_120, None], ids=["fixed", "random"])
def test_every_accepted_job_ends_right_whatever_is_killed(
    fleet: Fleet, capsys: pytest.CaptureFixture[str], seed: int | None
) -> None:
    drawn = random.SystemRandom().randrange(1 << 30) if seed is None else seed
    blows = Blows(kills=10, zombies=1, apart_s=(0.3, 1.5), down_s=(0.0, 1.0))
    outcome = run_round(fleet, Plan(drawn, jobs=60, blows=blows, over_s=8, longest_s=3))
    with capsys.disabled():
        sys.stdout.write(f"\nchaos: seed {drawn}, {outcome.accepted} jobs, {outcome.kills} kills\n")
    assert outcome.faults == [], f"seed {drawn}, written down in {fleet.data_dir}"
    assert outcome.kills == 10
