"""The door: who is let in, and as whom."""

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from api.services.access import Door, DoorRules, Knock
from api.services.callers import BOOTSTRAP, LOCAL, STRANGER, Caller, bucket
from stenopool.errors import ErrorCode, TransientError, UsageError
from stenopool.keys.format import digest_of, mint_key
from stenopool.keys.model import USUAL_SCOPES, KeyRecord, Scope
from stenopool.keys.signing import SignedRequest, signature

NOW = datetime(2030, 1, 1, tzinfo=UTC)
HERE = Knock(credentials=(), address="127.0.0.1", host="127.0.0.1:8000")
BOOT = "a bootstrap key, long enough"


class FakeKeys:
    """Records of a test."""

    def __init__(self, *records: KeyRecord, closed: bool | Exception = True) -> None:
        self._records = {record.key_id: record for record in records}
        self._closed = closed

    async def get(self, key_id: str) -> KeyRecord | None:
        return self._records.get(key_id)

    async def is_closed(self) -> bool:
        if isinstance(self._closed, Exception):
            raise self._closed
        return self._closed


def new_key(**changes: object) -> tuple[bytes, KeyRecord]:
    text, key_id = mint_key()
    record = KeyRecord(
        key_id=key_id, digest=digest_of(text.encode()), tenant="acme", scopes=USUAL_SCOPES, created_at=NOW
    )
    return text.encode(), record.model_copy(update=changes)


def admit(knock: Knock, keys: FakeKeys, rules: DoorRules | None = None) -> Caller:
    return asyncio.run(Door(keys, None, rules or DoorRules(), lambda: NOW).admit(knock))


def refusal(knock: Knock, keys: FakeKeys, rules: DoorRules | None = None) -> ErrorCode:
    with pytest.raises(UsageError) as caught:
        admit(knock, keys, rules)
    return caught.value.code


def test_a_key_lets_its_tenant_in() -> None:
    text, record = new_key(rate="5/hour", scopes=(Scope.READ,))
    caller = admit(replace(HERE, credentials=(text,), address="203.0.113.9"), FakeKeys(record))
    assert (caller.tenant, caller.rate) == ("acme", "5/hour")
    assert caller.scopes == {Scope.READ}
    assert caller.who == f"key:{record.key_id}"


def test_a_right_id_with_a_wrong_secret_is_refused() -> None:
    text, record = new_key()
    for wrong in (text[:-1] + (b"A" if text[-1:] != b"A" else b"B"), text + b" ", text.upper()):
        assert refusal(replace(HERE, credentials=(wrong,)), FakeKeys(record)) is ErrorCode.UNAUTHENTICATED


def test_a_wrong_key_and_an_unknown_one_look_the_same() -> None:
    text, record = new_key()
    other, _ = new_key()
    seen = set()
    for credential in (text[:-43] + b"A" * 43, other, b"hello", b""):
        with pytest.raises(UsageError) as caught:
            admit(replace(HERE, credentials=(credential,)), FakeKeys(record))
        seen.add(str(caught.value))
    assert len(seen) == 1


@pytest.mark.parametrize(
    "odd", ["sk_schlüssel".encode(), b"\xff\xfe\x00", b"sk_" + b"\xe2\x98\x83" * 20, b"x" * 100_000]
)
def test_threat_22_a_key_beyond_ascii_is_a_wrong_one_and_no_fault(odd: bytes) -> None:
    rules = DoorRules(bootstrap_digest=digest_of(BOOT.encode()))
    assert refusal(replace(HERE, credentials=(odd,)), FakeKeys(), rules) is ErrorCode.UNAUTHENTICATED


def test_revoked_and_expired_keys_are_refused() -> None:
    for changes in ({"revoked_at": NOW}, {"expires_at": NOW}, {"expires_at": NOW - timedelta(days=1)}):
        text, record = new_key(**changes)
        assert refusal(replace(HERE, credentials=(text,)), FakeKeys(record)) is ErrorCode.UNAUTHENTICATED
    text, record = new_key(expires_at=NOW + timedelta(seconds=1))
    assert admit(replace(HERE, credentials=(text,)), FakeKeys(record)).tenant == "acme"


def test_two_different_keys_at_once_are_refused_and_one_twice_is_not() -> None:
    text, record = new_key()
    other, second = new_key()
    assert refusal(replace(HERE, credentials=(text, other)), FakeKeys(record, second)) is ErrorCode.UNAUTHENTICATED
    assert admit(replace(HERE, credentials=(text, text)), FakeKeys(record)).tenant == "acme"


def test_the_bootstrap_key_is_the_default_tenants() -> None:
    rules = DoorRules(bootstrap_digest=digest_of(BOOT.encode()))
    assert admit(replace(HERE, credentials=(BOOT.encode(),)), FakeKeys(closed=False), rules) == BOOTSTRAP
    assert refusal(HERE, FakeKeys(closed=False), rules) is ErrorCode.UNAUTHENTICATED


@pytest.mark.parametrize("rules", [DoorRules(), DoorRules(is_anonymous_allowed=True)])
def test_once_a_key_has_existed_nobody_comes_in_without_one(rules: DoorRules) -> None:
    assert refusal(HERE, FakeKeys(), rules) is ErrorCode.UNAUTHENTICATED


def test_a_store_that_does_not_answer_opens_no_door() -> None:
    away = TransientError(ErrorCode.STORE_UNAVAILABLE, "away")
    with pytest.raises(TransientError):
        admit(HERE, FakeKeys(closed=away))


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])
def test_without_keys_the_machine_itself_is_served(address: str) -> None:
    assert admit(replace(HERE, address=address), FakeKeys(closed=False)) == LOCAL


@pytest.mark.parametrize(
    "address", ["203.0.113.9", "192.168.0.2", "::ffff:10.0.0.1", "2001:db8::1", "0.0.0.0", "x", None]
)
def test_without_keys_nobody_else_is(address: str | None) -> None:
    assert refusal(replace(HERE, address=address), FakeKeys(closed=False)) is ErrorCode.LOCAL_ONLY


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "", "127.0.0.1.evil.example", "localhost.evil"])
def test_threat_32_a_foreign_name_for_this_machine_is_refused(host: str) -> None:
    assert refusal(replace(HERE, host=host), FakeKeys(closed=False)) is ErrorCode.BAD_HOST


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1", "[::1]:8000", "steno.lan:8000"])
def test_its_own_names_are_not(host: str) -> None:
    rules = DoorRules(trusted_hosts=frozenset({"steno.lan"}))
    assert admit(replace(HERE, host=host), FakeKeys(closed=False), rules) == LOCAL


@pytest.mark.parametrize(
    ("fetch_site", "origin"),
    [("cross-site", ""), ("cross-site", "http://127.0.0.1:8000"), ("", "https://evil.example"), ("", "null")],
)
def test_a_page_of_another_site_is_refused_where_there_are_no_keys(fetch_site: str, origin: str) -> None:
    knock = replace(HERE, fetch_site=fetch_site, origin=origin)
    assert refusal(knock, FakeKeys(closed=False)) is ErrorCode.CROSS_SITE


@pytest.mark.parametrize(
    ("fetch_site", "origin"),
    [("same-origin", ""), ("none", ""), ("same-site", "http://localhost:5173"), ("cross-site", "https://app.example")],
)
def test_a_page_of_this_machine_or_of_a_named_origin_is_not(fetch_site: str, origin: str) -> None:
    rules = DoorRules(cors_origins=frozenset({"https://app.example"}))
    assert admit(replace(HERE, fetch_site=fetch_site, origin=origin), FakeKeys(closed=False), rules) == LOCAL


def test_strangers_are_served_only_where_allowed_and_have_no_list() -> None:
    far = replace(HERE, address="203.0.113.9", host="steno.example")
    caller = admit(far, FakeKeys(closed=False), DoorRules(is_anonymous_allowed=True))
    assert caller == STRANGER
    with pytest.raises(UsageError) as caught:
        caller.require_list()
    assert caught.value.code is ErrorCode.NO_JOB_LIST
    LOCAL.require_list()


def test_where_strangers_are_served_the_machine_itself_is_one_too() -> None:
    # Behind a proxy that forwards no address every stranger looks like the machine itself.
    assert admit(HERE, FakeKeys(closed=False), DoorRules(is_anonymous_allowed=True)) == STRANGER


def test_a_caller_may_do_what_its_scopes_say() -> None:
    caller = Caller("acme", "key:1", frozenset({Scope.READ}))
    caller.require(Scope.READ)
    with pytest.raises(UsageError) as caught:
        caller.require(Scope.SUBMIT)
    assert caught.value.code is ErrorCode.SCOPE_MISSING


def signed_knock(text: bytes, secret: str, **changes: str) -> Knock:
    request = SignedRequest("GET", b"/status/1", changes.get("timestamp", str(int(time.time()))), "0" * 64)
    return replace(HERE, credentials=(text,), signed=request, signature=signature(secret, request))


def test_a_signing_key_needs_a_signature_and_takes_a_good_one() -> None:
    text, record = new_key(signing_secret="sig_one")
    assert refusal(replace(HERE, credentials=(text,)), FakeKeys(record)) is ErrorCode.BAD_SIGNATURE
    assert admit(signed_knock(text, "sig_one"), FakeKeys(record)).tenant == "acme"
    for wrong in (signed_knock(text, "sig_two"), signed_knock(text, "sig_one", timestamp="1000000000")):
        assert refusal(wrong, FakeKeys(record)) is ErrorCode.BAD_SIGNATURE


def test_a_knock_does_not_show_its_credentials_when_printed() -> None:
    assert "hunter2" not in repr(replace(HERE, credentials=(b"hunter2",)))


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("fe80::1%eth0", "fe80::1%eth1", True),
        (None, "nonsense", True),
        (None, "192.0.2.1", False),
    ],
)
def test_rates_count_addresses_and_networks(one: str | None, other: str, is_same: bool) -> None:
    assert (bucket(STRANGER, one) == bucket(STRANGER, other)) is is_same


def test_rates_count_keys_wherever_they_come_from() -> None:
    caller = Caller("acme", "key:1", frozenset())
    assert bucket(caller, "192.0.2.1") == bucket(caller, "192.0.2.2") == "key:1"
