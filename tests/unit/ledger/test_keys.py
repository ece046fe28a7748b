"""Keys never meet."""

import inspect

from stenopool.ledger import keys
from stenopool.queueing.names import BELL_PREFIX

_functions = [function for name, function in vars(keys).items() if inspect.isfunction(function)]
_constants = [value for name, value in vars(keys).items() if name.isupper() and name != "PREFIX"]


def _every_key() -> list[str]:
    made = [
        function(*("x" for _ in inspect.signature(function).parameters))
        for function in _functions
        if function is not keys.digest_field
    ]
    return [*made, *_constants]


def test_every_key_begins_with_the_prefix() -> None:
    assert all(key.startswith(keys.PREFIX) for key in _every_key())


def test_no_two_keys_are_the_same() -> None:
    every = _every_key()
    assert len(set(every)) == len(every)


def test_no_key_lies_among_the_bells() -> None:
    assert not any(key.startswith(BELL_PREFIX) for key in _every_key())


def test_a_digest_is_bucket_and_field_together() -> None:
    digest = "0123456789abcdef" * 4
    assert keys.digest_bucket(digest).removeprefix("steno:dg:") + keys.digest_field(digest) == digest
