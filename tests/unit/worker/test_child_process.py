"""What a pool's child sets right before it begins."""

import pytest
from billiard import pool

from worker.child_process import shorten_last_words


def test_a_stopping_child_does_not_wait_half_a_minute_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    # By these names the library counts to thirty seconds; if a release of it has others, this must be looked at.
    assert (pool.GUARANTEE_MESSAGE_CONSUMPTION_RETRY_LIMIT, pool.GUARANTEE_MESSAGE_CONSUMPTION_RETRY_INTERVAL) == (
        300,
        0.1,
    )
    monkeypatch.setattr(pool, "GUARANTEE_MESSAGE_CONSUMPTION_RETRY_LIMIT", 300)
    shorten_last_words()
    assert pool.GUARANTEE_MESSAGE_CONSUMPTION_RETRY_LIMIT == 20
