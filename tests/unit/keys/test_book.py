"""The book of keys: durable, private, and closed for good from the first key on."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stenopool.errors import UsageError
from stenopool.keys.book import KeyBook, KeyWish
from stenopool.keys.format import digest_of
from stenopool.keys.model import RECORD_VERSION, USUAL_SCOPES, is_rate, is_tenant, read_key
from stenopool.media.local_store import LocalStore

NOW = datetime(2030, 1, 1, tzinfo=UTC)
WISH = KeyWish("acme", USUAL_SCOPES)


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path)


@pytest.fixture
def book(store: LocalStore) -> KeyBook:
    return KeyBook(store)


def test_a_key_is_found_again_and_is_itself_nowhere(book: KeyBook, tmp_path: Path) -> None:
    made = book.create(WISH, NOW)
    assert book.get(made.record.key_id) == made.record
    assert made.record.digest == digest_of(made.text.encode())
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert made.text.encode() not in written


def test_the_door_is_open_until_the_first_key_and_never_again(book: KeyBook) -> None:
    assert not book.is_closed()
    made = book.create(WISH, NOW)
    assert book.is_closed()
    book.revoke(made.record.key_id, NOW)
    assert book.is_closed()


def test_whatever_opens_doors_is_readable_by_its_owner_alone(book: KeyBook, tmp_path: Path) -> None:
    book.create(KeyWish("acme", USUAL_SCOPES, is_signing=True), NOW)
    book.rotate_webhook_secret("acme", NOW, timedelta(hours=1))
    files = [path for path in (tmp_path / "keys").rglob("*") if path.is_file()]
    assert len(files) == 3
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


def test_a_revoked_key_stays_in_the_book_as_revoked(book: KeyBook) -> None:
    key_id = book.create(WISH, NOW).record.key_id
    assert book.revoke(key_id, NOW).revoked_at == NOW
    later = NOW + timedelta(days=1)
    assert book.revoke(key_id, later).revoked_at == NOW
    assert [record.key_id for record in book.records()] == [key_id]


@pytest.mark.parametrize("key_id", ["nothere", "..", "a/b", "", "schlüssel"])
def test_an_unknown_key_cannot_be_revoked(book: KeyBook, key_id: str) -> None:
    with pytest.raises(UsageError, match="no key with this id"):
        book.revoke(key_id, NOW)


def test_a_record_of_a_newer_release_is_not_half_understood(book: KeyBook, store: LocalStore) -> None:
    record = book.create(WISH, NOW).record.model_copy(update={"v": RECORD_VERSION + 1})
    store.replace(f"keys/api/{record.key_id}.json", record.to_bytes())
    with pytest.raises(ValueError, match="version"):
        book.get(record.key_id)


@pytest.mark.parametrize(
    "wish",
    [
        KeyWish("../evil", USUAL_SCOPES),
        KeyWish("a:b", USUAL_SCOPES),
        KeyWish("anonymous", USUAL_SCOPES),
        KeyWish("", USUAL_SCOPES),
        KeyWish("acme", ()),
        KeyWish("acme", USUAL_SCOPES, rate="many"),
        KeyWish("acme", USUAL_SCOPES, expires_at=NOW),
    ],
)
def test_an_impossible_key_is_refused_and_leaves_the_door_as_it_was(book: KeyBook, wish: KeyWish) -> None:
    with pytest.raises(UsageError):
        book.create(wish, NOW)
    assert not book.is_closed()


def test_a_tenant_has_one_webhook_secret_and_two_while_it_changes(book: KeyBook) -> None:
    [first] = book.webhook_secrets("acme", NOW)
    assert first.startswith("whsec_")
    book.rotate_webhook_secret("acme", NOW, timedelta(hours=1))
    newest, old = book.webhook_secrets("acme", NOW + timedelta(minutes=59))
    assert old == first
    assert book.webhook_secrets("acme", NOW + timedelta(hours=1)) == (newest,)


def test_of_two_who_make_a_tenant_one_wins(book: KeyBook, store: LocalStore) -> None:
    assert book.ensure_tenant("acme", NOW) == KeyBook(store).ensure_tenant("acme", NOW + timedelta(days=1))


def test_tenants_of_identity_providers_have_names_that_may_be() -> None:
    assert all(map(is_tenant, ("default", "org_2aBc", "550e8400-e29b-41d4-a716-446655440000", "ann@acme.example")))
    assert not any(map(is_tenant, ("", "a" * 65, "a b", "a/b", "a:b", "a\n", "-a", "anonymous")))


def test_rates_are_a_count_and_a_window() -> None:
    assert is_rate("10/minute")
    assert not any(map(is_rate, ("0/minute", "10", "10/week", "10/minute\n", "-1/day", "1000000/day")))


def test_a_record_comes_back_from_its_bytes(book: KeyBook) -> None:
    record = book.create(KeyWish("acme", USUAL_SCOPES, NOW + timedelta(days=1), "5/hour", is_signing=True), NOW).record
    assert read_key(record.to_bytes()) == record
