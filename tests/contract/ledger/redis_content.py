"""The whole content of a Redis in one read, and a clock for the scripts that a test can move."""

import json
from typing import Final

import redis

from stenopool.ledger.keys import COUNTS, REDIS_RUN
from stenopool.ledger.lua import ScriptBook
from stenopool.queueing.names import BELL_PREFIX

CLOCK_KEY: Final = "test-clock"
_CLOCK: Final = f"local function now_ms() return tonumber(redis.call('GET', '{CLOCK_KEY}')) end\n"

TEST_BOOK: Final = ScriptBook(clock=_CLOCK)
"""The product's scripts under a clock that stands in a key; only whoever makes a book can choose its clock."""

_DUMP: Final = """
local readers = {
  string = function(key) return redis.call('GET', key) end,
  hash = function(key) return redis.call('HGETALL', key) end,
  set = function(key) return redis.call('SMEMBERS', key) end,
  zset = function(key) return redis.call('ZRANGE', key, 0, -1, 'WITHSCORES') end,
  stream = function(key) return redis.call('XRANGE', key, '-', '+') end,
  list = function(key) return redis.call('LLEN', key) end,
}
local content = {}
for _, key in ipairs(redis.call('KEYS', '*')) do
  local kind = redis.call('TYPE', key).ok
  content[key] = {kind, readers[kind](key)}
end
return cjson.encode(content)
"""


def read_content(client: redis.Redis) -> dict[str, object]:
    """Every key but the bells, the counters for whoever looks and the test's clock, as ``expected_content`` writes them."""
    raw = json.loads(str(client.eval(_DUMP, 0)) or "{}")
    content = {
        key: _value(kind, value)
        for key, (kind, value) in raw.items()
        if key not in (CLOCK_KEY, COUNTS, REDIS_RUN) and not key.startswith(BELL_PREFIX)
    }
    return {key: value for key, value in content.items() if value}


def _value(kind: str, value: object) -> object:
    if not isinstance(value, list):
        return value if kind == "string" else {}
    if kind == "stream":
        return [(entry[0], _pairs(entry[1])) for entry in value]
    if kind == "set":
        return set(value)
    pairs = _pairs(value)
    if kind == "zset":
        return {member: float(score) for member, score in pairs.items()}
    # Counters at nought say nothing: whether they were ever more is no part of the state.
    return {
        field: text
        for field, text in pairs.items()
        if not (field.startswith(("waiting_", "prepared_")) and text == "0")
    }


def _pairs(flat: list[str]) -> dict[str, str]:
    return dict(zip(flat[::2], flat[1::2], strict=True))
