"""The operator's commands for credentials: ``stenopool keys create``, ``list``, ``revoke``; ``stenopool webhooks secret``.

Works on the store of DATA_DIR, as its owner; no process needs to run. What is printed on standard output is for a
program or a pipe, remarks go to standard error.
"""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import redis
import typer

from stenopool.audit import Act, audit
from stenopool.clock import utc_now
from stenopool.errors import ErrorCode, StenopoolError, UsageError
from stenopool.keys.book import KeyBook, KeyWish
from stenopool.keys.copies import COPY_TTL_S, copy_name
from stenopool.keys.model import DEFAULT_TENANT, USUAL_SCOPES, KeyRecord, Scope
from stenopool.logs import bind, configure_logs
from stenopool.media.local_store import LocalStore
from stenopool.redis_pools import redis_client
from stenopool.settings import Settings, load_settings

keys_app = typer.Typer(help="Keys of tenants.", no_args_is_help=True)
webhooks_app = typer.Typer(help="Secrets that sign webhooks.", no_args_is_help=True)

_SPAN: Final = re.compile(r"([1-9][0-9]{0,4})([hd])")

_Tenant = Annotated[str, typer.Option(help="Whose jobs the key sees.")]


@keys_app.command()
def create(
    tenant: _Tenant = DEFAULT_TENANT,
    scopes: Annotated[str, typer.Option(help=f"With commas: {', '.join(Scope)}.")] = ",".join(USUAL_SCOPES),
    expires: Annotated[str, typer.Option(help="30d, 12h, or a day as 2030-12-31 (until it begins, UTC).")] = "",
    rate: Annotated[str, typer.Option(help="Submissions, as 100/minute; without it as RATE_LIMIT_SUBMIT.")] = "",
    signed: Annotated[bool, typer.Option("--signed", help="Every request with the key must be signed.")] = False,
) -> None:
    """Makes a key and prints it, once: it is kept nowhere."""
    with operators_book() as (book, settings):
        now = utc_now()
        wish = KeyWish(tenant, _scopes(scopes), _end(expires, now), rate or None, is_signing=signed)
        made = book.create(wish, now)
        _publish(settings, made.record)
        audit(Act.CREATE_KEY, key_id=made.record.key_id, tenant=tenant)
        print(made.text)  # noqa: T201 - the answer of a command.
        if made.record.signing_secret is not None:
            print(made.record.signing_secret)  # noqa: T201
            remark("the second line is the secret that signs requests")
        remark(f"key {made.record.key_id} of tenant {tenant}; it will not be shown again")


@keys_app.command("list")
def list_keys() -> None:
    """Lists all keys, ended ones too; never the keys themselves."""
    with operators_book() as (book, _settings):
        now = utc_now()
        print("id\ttenant\tstate\tscopes\trate\tcreated\texpires")  # noqa: T201
        for record in book.records():
            print("\t".join(_row(record, now)))  # noqa: T201


@keys_app.command()
def revoke(key_id: Annotated[str, typer.Argument(help="The key's id, as the list has it.")]) -> None:
    """Ends a key, at once where Redis can be reached, else within a minute."""
    with operators_book() as (book, settings):
        record = book.revoke(key_id, utc_now())
        is_told = _publish(settings, record)
        audit(Act.REVOKE_KEY, key_id=record.key_id, tenant=record.tenant)
        remark(f"key {record.key_id} is revoked" + ("" if is_told else f"; in force within {COPY_TTL_S + 5} s"))


@webhooks_app.callback()
def _of_webhooks() -> None:
    """Keeps ``secret`` a command of its own: Typer makes a lone one the whole."""


@webhooks_app.command("secret")
def webhook_secret(
    tenant: Annotated[str, typer.Option(help="Whose webhooks it signs.")] = DEFAULT_TENANT,
    rotate: Annotated[bool, typer.Option("--rotate", help="Makes a new one first.")] = False,
    overlap: Annotated[str, typer.Option(help="How long the old one signs beside it, as 24h or 7d.")] = "24h",
) -> None:
    """Prints the secrets that sign a tenant's webhooks, newest first."""
    with operators_book() as (book, _settings):
        now = utc_now()
        if rotate:
            book.rotate_webhook_secret(tenant, now, _span(overlap))
            audit(Act.ROTATE_WEBHOOK_SECRET, tenant=tenant)
        for secret in book.webhook_secrets(tenant, now):
            print(secret)  # noqa: T201


@contextmanager
def operators_book() -> Iterator[tuple[KeyBook, Settings]]:
    """The book of DATA_DIR; an error of ours ends the command with one line."""
    try:
        settings = load_settings()
        configure_logs(settings, "cli")
        with bind(who="operator"):
            yield KeyBook(LocalStore(settings.data_dir / "store")), settings
    except StenopoolError as error:
        remark(f"stenopool: {error.message}" + (f": {error.hint}" if error.hint else ""))
        raise typer.Exit(1) from None
    except ValueError as error:
        remark(f"stenopool: a record cannot be read: {type(error).__name__}")
        raise typer.Exit(1) from None


def _publish(settings: Settings, record: KeyRecord) -> bool:
    """Puts the record over its copy in Redis; False when Redis cannot be reached, which only costs a minute."""
    try:
        with redis_client(settings.redis_address) as client:
            client.set(copy_name(record.key_id), record.to_bytes(), ex=COPY_TTL_S)
    except redis.RedisError:
        return False
    return True


def _scopes(text: str) -> tuple[Scope, ...]:
    words = [word.strip() for word in text.split(",") if word.strip()]
    try:
        return tuple(Scope(word) for word in words)
    except ValueError:
        raise UsageError(ErrorCode.INVALID_OPTION, "there is no such scope", f"scopes are {', '.join(Scope)}") from None


def _end(text: str, now: datetime) -> datetime | None:
    if not text:
        return None
    if _SPAN.fullmatch(text):
        return now + _span(text)
    try:
        day = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(ErrorCode.INVALID_OPTION, "this is no end", "30d, 12h or 2030-12-31") from None
    return day if day.tzinfo else day.replace(tzinfo=UTC)


def _span(text: str) -> timedelta:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise UsageError(ErrorCode.INVALID_OPTION, "this is no span of time", "for instance 12h or 30d")
    count = int(found.group(1))
    return timedelta(hours=count) if found.group(2) == "h" else timedelta(days=count)


def _row(record: KeyRecord, now: datetime) -> Iterator[str]:
    is_over = record.expires_at is not None and record.expires_at <= now
    yield record.key_id
    yield record.tenant
    yield "revoked" if record.revoked_at else "expired" if is_over else "signed" if record.signing_secret else "good"
    yield ",".join(record.scopes)
    yield record.rate or "-"
    yield record.created_at.date().isoformat()
    yield record.expires_at.isoformat(timespec="minutes") if record.expires_at else "-"


def remark(line: str) -> None:
    """Says something to the operator, beside what a program reads."""
    print(line, file=sys.stderr)  # noqa: T201 - said to the operator.
