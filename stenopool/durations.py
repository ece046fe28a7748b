"""Spans of time as people write them: ``90s``, ``15m``, ``24h``, ``30d``. Pure."""

import re
from datetime import timedelta
from typing import Annotated, Final

from pydantic import BeforeValidator

_WORD: Final = re.compile(r"(0|[1-9][0-9]{0,5})([smhd])")
_UNITS: Final = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1), "s": timedelta(seconds=1)}


def parse_duration(text: str) -> timedelta:
    """The span that ``text`` names. Raises ``ValueError`` for anything but a whole number and one of s, m, h, d."""
    found = _WORD.fullmatch(text.strip())
    if found is None:
        raise ValueError("a span of time is a number with s, m, h or d, as 90s, 15m, 24h or 30d")
    return int(found.group(1)) * _UNITS[found.group(2)]


def format_duration(span: timedelta) -> str:
    """The span as it is written: whole seconds, in the largest unit that leaves no rest, hours up to two days."""
    for letter, unit in _UNITS.items():
        if not span % unit and (letter != "d" or span > 2 * unit) and span:
            return f"{span // unit}{letter}"
    return "0s"


def _parsed(value: object) -> object:
    return parse_duration(value) if isinstance(value, str) else value


Duration = Annotated[timedelta, BeforeValidator(_parsed)]
"""A setting that is a span of time."""
