"""A failed delivery is tried for about a day, and no longer than its receiver wants."""

from datetime import UTC, datetime

import pytest

from stenopool.ledger.model import DeliveryOutcome
from stenopool.webhooks.schedule import DELAYS_S, Reply, Step, next_step, reason_of, retry_after_s

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
BAD = Reply(503, "bad_status")


def test_eleven_tries_take_just_under_a_day() -> None:
    # 5 s + 30 s + 2 min + 10 min + 30 min + 1 h + 2 h + 4 h + 8 h + 8 h, added up by hand.
    assert sum(DELAYS_S) == 23 * 3600 + 42 * 60 + 35
    steps = [next_step(BAD, failed, 0.0) for failed in range(11)]
    assert [step.outcome for step in steps] == [DeliveryOutcome.FAILED] * 10 + [DeliveryOutcome.GIVEN_UP]
    assert [step.delay_ms for step in steps[:3]] == [5_000, 30_000, 120_000]
    assert steps[-1].delay_ms is None


def test_chance_lengthens_a_pause_by_a_tenth_at_most() -> None:
    assert next_step(BAD, 2, 1.0).delay_ms == 132_000


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_2xx_is_delivered(status: int) -> None:
    assert next_step(Reply(status), 3, 0.5) == Step(DeliveryOutcome.DELIVERED)


@pytest.mark.parametrize("status", [301, 307, 400, 401, 404, 408, 425, 429, 500, 502, 503, None])
def test_anything_else_is_tried_again(status: int | None) -> None:
    assert next_step(Reply(status, "x"), 0, 0.0) == Step(DeliveryOutcome.FAILED, 5_000)


def test_gone_is_given_up_at_once() -> None:
    assert next_step(Reply(410, "gone"), 0, 0.0) == Step(DeliveryOutcome.GIVEN_UP)


@pytest.mark.parametrize(
    ("wished_s", "delay_ms"), [(None, 5_000), (1.0, 5_000), (90.0, 90_000), (1e9, 3_600_000), (0.0, 5_000)]
)
def test_a_receiver_may_ask_for_a_longer_pause_but_not_for_ever(wished_s: float | None, delay_ms: int) -> None:
    assert next_step(Reply(429, "bad_status", wished_s), 0, 0.0).delay_ms == delay_ms


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("120", 120.0),
        ("Tue, 24 Nov 2026 12:01:00 GMT", 60.0),
        ("Tue, 24 Nov 2026 11:00:00 GMT", None),
        ("soon", None),
        ("", None),
        ("-5", None),
        ("1e9", None),
        ("٣", None),
    ],
)
def test_a_retry_after_is_seconds_or_a_date(text: str | None, seconds: float | None) -> None:
    assert retry_after_s(text, NOW) == seconds


@pytest.mark.parametrize(
    ("status", "reason"), [(204, ""), (302, "redirected"), (410, "gone"), (404, "bad_status"), (500, "bad_status")]
)
def test_an_answer_has_a_reason(status: int, reason: str) -> None:
    assert reason_of(status) == reason
