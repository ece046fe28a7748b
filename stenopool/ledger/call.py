"""A call on the ledger as a value: which script, with what, and how its answer reads. Pure."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Call(Generic[T_co]):
    """One operation, ready to be sent by ``Ledger`` or ``AsyncLedger``; sending it twice does no harm (rule 1).

    It names no Redis keys: the scripts touch keys that only the records tell, which is why Redis Cluster is not
    supported.
    """

    script: str
    argument: str
    """What the script reads as ``ARGV[1]``: a JSON object."""
    decode: Callable[[str], T_co]
    """Reads the script's JSON answer."""


def argument(values: Mapping[str, object]) -> str:
    """A script's argument. What is None is left out: Lua reads a missing field as nil, but a JSON null as true."""
    given = {name: value for name, value in values.items() if value is not None}
    return json.dumps(given, separators=(",", ":"), allow_nan=False)
