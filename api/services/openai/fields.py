"""The one table of the door's fields: which are used, which are ignored, which are refused.

The rule: a field that only guides the recognition, and that nothing here can follow, is ignored. A field that asks for
something in the answer that would be missing from it is refused, because silence would look like an answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from stenopool.transcripts.options import wire_names


class Use(StrEnum):
    """What becomes of a field."""

    USED = "used"
    IGNORED = "ignored"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class FieldRule:
    """One row: what becomes of the field, and why or as what."""

    use: Use
    note: str
    is_list: bool = False


_NO_SPEAKERS: Final = "speakers are not told apart here"

FIELDS: Final[Mapping[str, FieldRule]] = {
    "file": FieldRule(Use.USED, "the recording; before, between or after the other fields"),
    "model": FieldRule(Use.USED, "a name out of `GET /v1/models`; without it the operator's default"),
    "language": FieldRule(Use.USED, "a code (`en`) or an English name (`english`); without it it is detected"),
    "prompt": FieldRule(Use.USED, "our `initial_prompt`; of a long one the last 1,000 characters count"),
    "response_format": FieldRule(Use.USED, "`json` (default), `text`, `srt`, `verbose_json`, `vtt`"),
    "temperature": FieldRule(Use.USED, "0 to 1"),
    "timestamp_granularities": FieldRule(
        Use.USED, "`segment` (default), `word` or both; with `verbose_json` alone", is_list=True
    ),
    "stream": FieldRule(Use.USED, "`true` answers with events; with `json` and `text` alone"),
    "keywords": FieldRule(Use.USED, "our `hotwords`, joined by commas", is_list=True),
    "languages": FieldRule(
        Use.USED, "a single one is the `language`; of several none is preferred: it is detected", is_list=True
    ),
    "chunking_strategy": FieldRule(
        Use.IGNORED, "speech is always found first, and cut where nobody speaks", is_list=True
    ),
    "include": FieldRule(Use.REFUSED, "log probabilities of tokens are not kept here", is_list=True),
    "known_speaker_names": FieldRule(Use.REFUSED, _NO_SPEAKERS, is_list=True),
    "known_speaker_references": FieldRule(Use.REFUSED, _NO_SPEAKERS, is_list=True),
    "task": FieldRule(Use.REFUSED, "the address tells it: `/v1/audio/translations` translates into English"),
}
"""OpenAI's fields (openai 3.52.0, ``types/audio/transcription_create_params.py``), and one of ours that has no place.

A list is sent as ``name[]``, several times; ``name`` is understood too.
"""

OPTION_FIELDS: Final = tuple(name for name in wire_names() if name not in FIELDS)
"""Our own options besides, which the clients send by ``extra_body``."""
