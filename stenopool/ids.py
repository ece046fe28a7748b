"""Identifiers: 128 random bits as 32 lower-case hex digits, minted by the caller before any call is made.

A caller-minted id makes every ledger operation repeatable: the second call with the same id answers as the first
(docs/explanation/ledger.md, rule 1). Nobody can guess an id, but reading still checks the tenant.
"""

import re
import secrets
from typing import Final

_SHAPE: Final = re.compile(r"[0-9a-f]{32}")


def new_id() -> str:
    """A fresh id for a job, a transcription, an upload or a claim."""
    return secrets.token_hex(16)


def is_id(text: str) -> bool:
    """Whether ``text`` has the shape of an id; says nothing about its existence."""
    return _SHAPE.fullmatch(text) is not None
