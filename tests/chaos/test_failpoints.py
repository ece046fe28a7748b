"""One installation that crashes at every failpoint there is, and every job that it accepted ends right."""

from collections import Counter
from pathlib import Path

import pytest

from stenopool.failpoints import Failpoint
from tests.chaos.failpoint_walk import SHORT, Walk, names_of

pytestmark = pytest.mark.timeout(600)


def test_a_crash_at_every_failpoint_loses_nothing_and_does_nothing_twice(redis_binary: Path, tmp_path: Path) -> None:
    walk = Walk(redis_binary, tmp_path)
    faults = walk.run(SHORT)
    assert faults == []
    # Sent once more by the one who died before any note, not by the one who died after the first.
    assert len(walk.hears.heard) == 2
    unvisited = [point for point in Failpoint if not names_of(point) & walk.crashed]
    assert unvisited == [], "a new failpoint wants a step of its own in this walk"
    assert Counter(walk.client.last_seen().values()) == {"completed": 4, "failed": 1}
