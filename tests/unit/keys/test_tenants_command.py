"""The command for tenants: gives one limits of its own, tells which there are."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner, Result

from stenopool.keys.book import KeyBook
from stenopool.keys.limits import TenantLimits
from stenopool.keys.tenants_command import tenants_app
from stenopool.media.local_store import LocalStore


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def book(tmp_path: Path) -> KeyBook:
    return KeyBook(LocalStore(tmp_path / "store"))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(tenants_app, arguments)


def limits(book: KeyBook) -> TenantLimits:
    record = book.tenant("ann")
    assert record is not None
    return record.limits


def test_what_is_not_named_stays_as_it_is(book: KeyBook) -> None:
    assert run("set", "ann", "--active-jobs", "3", "--stored-mb", "0").exit_code == 0
    assert run("set", "ann", "--audio-minutes", "90").exit_code == 0
    assert limits(book) == TenantLimits(active_jobs=3, audio_minutes_per_day=90, stored_mb=0)
    assert run("set", "ann", "--reset", "--active-jobs", "4").exit_code == 0
    assert limits(book) == TenantLimits(active_jobs=4)


def test_limits_leave_the_webhook_secret_and_the_open_door_as_they_are(book: KeyBook) -> None:
    run("set", "ann", "--active-jobs", "3")
    first = book.tenant("ann")
    run("set", "ann", "--active-jobs", "4")
    second = book.tenant("ann")
    assert first is not None
    assert second is not None
    assert first.webhook_secrets == second.webhook_secrets
    assert not book.is_closed()


def test_list_shows_what_is_a_tenants_own(book: KeyBook) -> None:
    run("set", "bob", "--active-jobs", "0")
    run("set", "ann", "--stored-mb", "5")
    rows = [line.split("\t")[:4] for line in run("list").stdout.splitlines()[1:]]
    assert rows == [["ann", "-", "-", "5"], ["bob", "0", "-", "-"]]


@pytest.mark.parametrize("arguments", [("set", "anonymous"), ("set", "a b"), ("set", "ann", "--active-jobs", "-1")])
def test_what_cannot_be_is_refused(book: KeyBook, arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code != 0
    assert book.tenants() == ()
