"""Grants for tests: a span of two seconds unless told otherwise."""

from dataclasses import replace
from typing import Any

from stenopool.ledger.model import Grant, UnitKind

_GRANT = Grant(
    claim_id="c" * 32,
    transcription_id="7" * 32,
    unit_id="span-0",
    kind=UnitKind.SPAN,
    attempt=0,
    pool="recognise.fake.fake",
    options="{}",
    identity="{}",
    media_key="media/" + "a" * 32,
    work_key="work/" + "7" * 32,
    plan_id="p" * 32,
    from_sample=0,
    to_sample=32_000,
    cost_s=2.0,
    audio_s=2.0,
    language=None,
    units=1,
)


def make_grant(**changes: Any) -> Grant:
    return replace(_GRANT, **changes)
