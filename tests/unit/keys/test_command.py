"""The command for keys: prints a key once, tells what is there, says plainly what is wrong."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner, Result

from stenopool.keys.book import KeyBook
from stenopool.keys.command import keys_app, webhooks_app
from stenopool.keys.copies import COPY_TTL_S, copy_name
from stenopool.keys.format import digest_of, key_id_of
from stenopool.keys.model import Scope
from stenopool.local.ports import free_port
from stenopool.local.redis_server import RedisServer
from stenopool.media.local_store import LocalStore


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{free_port()}/0")
    monkeypatch.setenv("LOG_FORMAT", "json")
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def book(tmp_path: Path) -> KeyBook:
    return KeyBook(LocalStore(tmp_path / "store"))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(keys_app, list(arguments))


def made(result: Result) -> tuple[str, str]:
    assert result.exit_code == 0, result.output
    text = result.stdout.splitlines()[0]
    key_id = key_id_of(text.encode())
    assert key_id is not None
    return text, key_id


def test_create_prints_a_key_that_the_book_knows(book: KeyBook) -> None:
    result = run("create", "--tenant", "acme", "--scopes", "read,submit", "--rate", "5/hour", "--expires", "30d")
    text, key_id = made(result)
    assert result.stdout == f"{text}\n"
    record = book.get(key_id)
    assert record is not None
    assert (record.tenant, record.rate, record.digest) == ("acme", "5/hour", digest_of(text.encode()))
    assert set(record.scopes) == {Scope.READ, Scope.SUBMIT}
    assert record.expires_at == record.created_at + timedelta(days=30)


def test_a_signed_key_comes_with_its_secret(book: KeyBook) -> None:
    result = run("create", "--signed")
    record = book.get(made(result)[1])
    assert record is not None
    assert result.stdout.splitlines()[1] == record.signing_secret


def test_an_end_may_be_a_day(book: KeyBook) -> None:
    record = book.get(made(run("create", "--expires", "2090-12-31"))[1])
    assert record is not None
    assert record.expires_at == datetime(2090, 12, 31, tzinfo=UTC)


def test_list_shows_every_key_and_no_secret(book: KeyBook) -> None:
    text, key_id = made(run("create", "--tenant", "acme"))
    run("revoke", key_id)
    _, other = made(run("create", "--tenant", "zeta"))
    rows = {line.split("\t")[0]: line.split("\t") for line in run("list").stdout.splitlines()[1:]}
    assert rows[key_id][1:3] == ["acme", "revoked"]
    assert rows[other][1:3] == ["zeta", "good"]
    assert text not in str(rows)
    assert digest_of(text.encode()) not in str(rows)


def test_key_changes_leave_audit_lines_without_the_key() -> None:
    result = run("create", "--tenant", "acme")
    text, key_id = made(result)
    lines = [json.loads(line) for line in result.stderr.splitlines() if line.startswith("{")]
    [line] = [line for line in lines if line["event"] == "audit"]
    assert (line["act"], line["key_id"], line["tenant"], line["who"]) == ("create_key", key_id, "acme", "operator")
    assert text not in result.stderr
    assert '"revoke_key"' in run("revoke", key_id).stderr


def test_a_revocation_overwrites_the_copy_in_redis(monkeypatch: pytest.MonkeyPatch, own_redis: RedisServer) -> None:
    monkeypatch.setenv("REDIS_URL", own_redis.url)
    _, key_id = made(run("create"))
    assert "is revoked\n" in run("revoke", key_id).stderr
    with own_redis.client() as client:
        copy = client.get(copy_name(key_id))
        assert copy is not None
        assert b"revoked_at" in (copy if isinstance(copy, bytes) else str(copy).encode())
        assert 0 < int(client.ttl(copy_name(key_id))) <= COPY_TTL_S


def test_without_redis_a_revocation_says_how_long_it_takes() -> None:
    _, key_id = made(run("create"))
    assert "within" in run("revoke", key_id).stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("create", "--tenant", "a/b"),
        ("create", "--scopes", "read,everything"),
        ("create", "--rate", "lots"),
        ("create", "--expires", "soon"),
        ("create", "--expires", "2001-01-01"),
        ("revoke", "nothere"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith("stenopool: ")
    assert "Traceback" not in result.output


def test_webhook_secrets_are_printed_newest_first() -> None:
    def secrets(*arguments: str) -> Result:
        return CliRunner().invoke(webhooks_app, ["secret", *arguments])

    [first] = secrets().stdout.split()
    assert secrets("--rotate").stdout.split()[1:] == [first]
    assert secrets("--rotate", "--overlap", "x").exit_code == 1
