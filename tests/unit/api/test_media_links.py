"""Links: how long they are good, and with which store."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api.services.media_links import MediaLinks
from stenopool.errors import ErrorCode, UsageError
from stenopool.keys.link_secret import LINK_SECRET_KEY
from stenopool.media.local_store import LocalStore

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
JOB = "a" * 32


def links(folder: Path, now: datetime = NOON) -> MediaLinks:
    """As another process, at another time."""
    return MediaLinks(LocalStore(folder), timedelta(hours=1), lambda: now)


def refusal(folder: Path, token: str, now: datetime = NOON) -> ErrorCode:
    with pytest.raises(UsageError) as raised:
        asyncio.run(links(folder, now).read(token))
    return raised.value.code


def test_a_link_is_good_for_its_time_in_every_process_and_no_second_longer(tmp_path: Path) -> None:
    made = asyncio.run(links(tmp_path).make(JOB, "acme"))
    assert made.expires_at == NOON + timedelta(hours=1)
    last = made.expires_at - timedelta(milliseconds=1)
    found = asyncio.run(links(tmp_path, last).read(made.token))
    assert (found.job_id, found.tenant) == (JOB, "acme")
    assert refusal(tmp_path, made.token, made.expires_at) is ErrorCode.LINK_EXPIRED


def test_a_forged_link_opens_nothing_and_makes_no_secret(tmp_path: Path) -> None:
    elsewhere = asyncio.run(links(tmp_path / "elsewhere").make(JOB, "acme"))
    assert refusal(tmp_path / "here", elsewhere.token) is ErrorCode.NOT_FOUND
    assert not LocalStore(tmp_path / "here").exists(LINK_SECRET_KEY)
    asyncio.run(links(tmp_path / "here").make(JOB, "acme"))
    assert refusal(tmp_path / "here", elsewhere.token) is ErrorCode.NOT_FOUND


def test_removing_the_secret_voids_every_link(tmp_path: Path) -> None:
    made = asyncio.run(links(tmp_path).make(JOB, "acme"))
    LocalStore(tmp_path).delete(LINK_SECRET_KEY)
    assert refusal(tmp_path, made.token) is ErrorCode.NOT_FOUND
