"""The pace of uploads: trickles and endless bodies are given up, stalls and our own slowness are forgiven."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from api.services.pace import Pace, paced
from stenopool.errors import ErrorCode, TransientError

BLOCK = b"x" * 100


async def body(*pauses_s: float) -> AsyncIterator[bytes]:
    for pause_s in pauses_s:
        await asyncio.sleep(pause_s)
        yield BLOCK


def received(pace: Pace, *pauses_s: float, own_pause_s: float = 0.0) -> int:
    async def main() -> int:
        count = 0
        async for piece in paced(body(*pauses_s), pace):
            count += len(piece)
            await asyncio.sleep(own_pause_s)
        return count

    return asyncio.run(main())


def refusal(pace: Pace, *pauses_s: float) -> TransientError:
    with pytest.raises(TransientError) as caught:
        received(pace, *pauses_s)
    assert caught.value.code is ErrorCode.UPLOAD_TOO_SLOW
    return caught.value


def test_a_body_that_keeps_the_pace_passes_whole() -> None:
    assert received(Pace(1000, window_s=0.5, deadline_s=30), *[0.01] * 20) == 2000


def test_a_trickle_is_given_up_when_its_window_is_used_up() -> None:
    assert "MIN_UPLOAD_RATE" in refusal(Pace(100_000, window_s=0.2, deadline_s=30), *[0.05] * 100).hint


def test_a_stall_within_the_window_is_forgiven() -> None:
    assert received(Pace(10_000, window_s=5, deadline_s=30), 0.0, 0.3, 0.0) == 300


def test_a_body_that_never_ends_is_given_up_however_fast() -> None:
    assert "UPLOAD_DEADLINE_S" in refusal(Pace(1, window_s=30, deadline_s=0.3), *[0.02] * 1000).hint


def test_without_a_least_pace_only_the_deadline_counts() -> None:
    assert "UPLOAD_DEADLINE_S" in refusal(Pace(0, window_s=0.01, deadline_s=0.3), 0.05, 10).hint


def test_the_time_that_the_receiver_takes_is_not_the_clients() -> None:
    assert received(Pace(100_000, window_s=0.2, deadline_s=30), *[0.0] * 10, own_pause_s=0.05) == 1000
