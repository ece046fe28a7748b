"""What the caller asks: one model with bounds; unknown fields are refused with the nearest valid name."""

import difflib
import json
from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from stenopool.errors import ErrorCode, UsageError

LANGUAGES: Final = frozenset(
    "af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha haw he hi hr ht hu hy id "
    "is it ja jw ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne nl nn no oc pa pl ps pt ro ru sa sd si "
    "sk sl sn so sq sr su sv sw ta te tg th tk tl tr tt uk ur uz vi yi yo yue zh".split()
)
"""Whisper's language codes (openai/whisper, whisper/tokenizer.py, LANGUAGES; ``yue`` since large-v3)."""

MAX_PROMPT_CHARS: Final = 1000
"""Whisper reads at most 223 tokens of prompt; 1,000 characters are more than that in any language."""


class Options(BaseModel):
    """Effective options of a transcription, defaults filled in; frozen in the job and part of the digest."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    language: str = Field("auto", description="Whisper language code, or `auto` to detect it.")
    speech_task: Literal["transcribe", "translate"] = Field(
        "transcribe", alias="task", description="`transcribe`, or `translate` into English."
    )
    vad_filter: bool = Field(True, description="Skip what is not speech before recognising.")
    word_timestamps: bool = Field(False, description="Times and probability of each word.")
    initial_prompt: str | None = Field(
        None, max_length=MAX_PROMPT_CHARS, description="Text that sets the style and spelling of what follows."
    )
    hotwords: str | None = Field(None, max_length=MAX_PROMPT_CHARS, description="Words likely to be said.")
    beam_size: Annotated[int, Field(ge=1, le=20)] = Field(5, description="Width of the beam search.")
    temperature: Annotated[float, Field(ge=0, le=1)] = Field(
        0.0, description="Sampling temperature; 0 falls back to higher ones where decoding fails."
    )

    @field_validator("language")
    @classmethod
    def _known_language(cls, value: str) -> str:
        code = value.strip().lower()
        if code in ("", "auto"):
            return "auto"
        if code not in LANGUAGES:
            near = difflib.get_close_matches(code, sorted(LANGUAGES), n=1)
            raise ValueError(f"unknown language {value[:20]!r}" + (f", did you mean {near[0]!r}?" if near else ""))
        return code

    @field_validator("initial_prompt", "hotwords")
    @classmethod
    def _empty_is_none(cls, value: str | None) -> str | None:
        return value.strip() or None if value is not None else None

    def canonical(self) -> str:
        """The options as JSON with sorted keys and wire names: the form that is stored, compared and hashed."""
        return json.dumps(self.model_dump(by_alias=True), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def wire_names() -> tuple[str, ...]:
    """Names of the form fields a client may send."""
    return tuple(field.alias or name for name, field in Options.model_fields.items())


def parse_options(fields: Mapping[str, str]) -> Options:
    """Options from form fields, an empty value meaning the default.

    Raises:
        UsageError: ``unknown_field`` with the nearest valid name, or ``invalid_option`` naming each wrong field.
    """
    known = wire_names()
    for name in fields:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"fields are: {', '.join(known)}"
            raise UsageError(ErrorCode.UNKNOWN_FIELD, f"unknown field {name[:40]!r}", hint)
    try:
        return Options.model_validate({name: value for name, value in fields.items() if value.strip()})
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, item['loc']))}: {item['msg'].removeprefix('Value error, ')}"
            for item in error.errors(include_url=False, include_input=False)
        )
        raise UsageError(ErrorCode.INVALID_OPTION, wrong, "see the API reference for names and bounds") from None


def stored_options(text: str) -> Options:
    """Options back from their canonical form."""
    return Options.model_validate_json(text)
