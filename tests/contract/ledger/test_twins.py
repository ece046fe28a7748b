"""Python and Lua agree on the names of keys and the form of records."""

import inspect
import json
from collections.abc import Callable

import pytest
import redis

from stenopool.ledger import codec, keys
from stenopool.ledger.model import UnitKind, UnitState
from tests.contract.ledger.redis_content import TEST_BOOK

_FUTURE = {"virtual_times"}
"""Keys that no script touches yet."""
_NAMES = {
    name: function
    for name, function in vars(keys).items()
    if inspect.isfunction(function) and not name.startswith("_") and name not in _FUTURE
}


def _evaluate(client: redis.Redis, expression: str, *arguments: str) -> str:
    client.set("test-clock", 1)
    return str(client.eval(f"{TEST_BOOK.shared}\nreturn {expression}", 0, "{}", "", *arguments))


@pytest.mark.parametrize(("name", "function"), _NAMES.items())
def test_a_key_has_the_same_name_in_lua(client: redis.Redis, name: str, function: Callable[..., str]) -> None:
    arguments = [f"{word}0123" for word in inspect.signature(function).parameters]
    quoted = ",".join(json.dumps(argument) for argument in arguments)
    assert _evaluate(client, f"keys.{name}({quoted})") == function(*arguments)


@pytest.mark.parametrize(
    "name",
    [
        *("epoch", "tick", "claims", "leases", "delayed", "identities", "pools", "counts", "outbox", "event_clock"),
        *("use", "media", "days"),
    ],
)
def test_a_key_without_parts_has_the_same_name_in_lua(client: redis.Redis, name: str) -> None:
    assert _evaluate(client, f"keys.{name}") == getattr(keys, name.upper())


def test_lua_reads_and_writes_a_unit_as_python_does(client: redis.Redis) -> None:
    unit = codec.UnitRecord(
        kind=UnitKind.SPAN,
        state=UnitState.LEASED,
        cost_s=14_400.125,
        from_sample=230_400_000,
        to_sample=230_402_000,
        attempt=2,
        claims=1,
        claim="a" * 32 + "+",
        last_worker="host:1:abc/22",
        order_ms=1_790_000_000_123,
        delayed_ms=3_600_000,
    )
    text = codec.pack_unit(unit)
    written = _evaluate(client, "pack(unpack_into({}, unit_fields, ARGV[3]), unit_fields)", text)
    assert written == text
    assert codec.unpack_unit(written) == unit


def test_lua_reads_and_writes_a_claim_as_python_does(client: redis.Redis) -> None:
    claim = codec.ClaimRecord("tr", "span-0", "w:1:r/2", started=True, rearmed=False, deadline_ms=0, done_ms=1_234)
    text = codec.pack_claim(claim)
    written = _evaluate(client, "pack(unpack_into({}, claim_fields, ARGV[3]), claim_fields)", text)
    assert written == text
    assert codec.unpack_claim(written) == claim
