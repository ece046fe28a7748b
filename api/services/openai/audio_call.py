"""Reads a call's form: OpenAI's fields become options of a job and the form of the answer. Pure."""

import difflib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from api.services.openai.fields import FIELDS, OPTION_FIELDS, Use
from api.services.openai.languages import language_code
from api.services.openai.models import OfferedModels
from api.services.openai.refusals import FieldError
from stenopool.errors import ErrorCode, UsageError
from stenopool.transcripts.options import MAX_PROMPT_CHARS, parse_options

SpeechTask = Literal["transcribe", "translate"]


class AnswerFormat(StrEnum):
    """``response_format``."""

    JSON = "json"
    TEXT = "text"
    SRT = "srt"
    VERBOSE_JSON = "verbose_json"
    VTT = "vtt"


class Granularity(StrEnum):
    """``timestamp_granularities[]``."""

    SEGMENT = "segment"
    WORD = "word"


_STREAMED: Final = (AnswerFormat.JSON, AnswerFormat.TEXT)
"""Events carry text and nothing else: no times, no cues."""

_YES_NO: Final = {"true": True, "1": True, "false": False, "0": False, "": False}

_OPTIONS: Final = {
    "prompt": "initial_prompt",
    "keywords": "hotwords",
    "language": "language",
    "temperature": "temperature",
}
"""OpenAI's names of our options."""


@dataclass(frozen=True, slots=True)
class AudioCall:
    """One call as it is meant."""

    model: str
    """The operator's model."""
    options: Mapping[str, str]
    """Option fields of the job."""
    answer: AnswerFormat
    granularities: frozenset[Granularity]
    is_streamed: bool


def read_call(fields: Iterable[tuple[str, str]], task: SpeechTask, offered: OfferedModels) -> AudioCall:
    """The call in these form fields; an empty value means the default.

    Raises:
        FieldError: ``unknown_field``, ``unsupported_field``, ``model_not_found`` or ``invalid_option``.
    """
    given = _Given(fields)
    answer = given.one_of("response_format", AnswerFormat, AnswerFormat.JSON)
    granularities = _granularities(given, answer)
    is_streamed = _is_streamed(given, answer)
    options = _options(given)
    options["task"] = task
    if Granularity.WORD in granularities:
        options["word_timestamps"] = "true"
    return AudioCall(
        model=offered.model(given.single("model")),
        options=options,
        answer=answer,
        granularities=granularities,
        is_streamed=is_streamed,
    )


class _Given:
    """The fields of a form by their plain names, refused ones refused and ignored ones gone."""

    def __init__(self, fields: Iterable[tuple[str, str]]) -> None:
        self._values: defaultdict[str, list[str]] = defaultdict(list)
        for sent, value in fields:
            # Lists come as name[], structures as name[part]: what they belong to stands in front.
            name = sent.partition("[")[0]
            if _is_kept(name, value):
                self._values[name].append(value)

    def all(self, name: str) -> list[str]:
        """The values of a list that are not empty."""
        return [value.strip() for value in self._values[name] if value.strip()]

    def single(self, name: str) -> str:
        """The one value, empty where there is none."""
        values = self._values[name]
        if len(values) > 1:
            raise FieldError(ErrorCode.INVALID_OPTION, name, f"the field {name!r} was given twice", "send it once")
        return values[0] if values else ""

    def one_of(self, name: str, choices: type[AnswerFormat], default: AnswerFormat) -> AnswerFormat:
        """The one value as a choice."""
        text = self.single(name).strip()
        try:
            return choices(text) if text else default
        except ValueError:
            hint = f"one of: {', '.join(choices)}"
            raise FieldError(
                ErrorCode.INVALID_OPTION, name, f"{name}: {text[:40]!r} is not served here", hint
            ) from None


def _is_kept(name: str, value: str) -> bool:
    rule = FIELDS.get(name)
    if rule is None:
        if name not in OPTION_FIELDS:
            _refuse_unknown(name)
        return True
    if rule.use is Use.REFUSED and value.strip():
        raise FieldError(ErrorCode.UNSUPPORTED_FIELD, name, f"the field {name!r} is not served here", rule.note)
    return rule.use is Use.USED


def _refuse_unknown(name: str) -> None:
    known = (*FIELDS, *OPTION_FIELDS)
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"fields are: {', '.join(known)}"
    raise FieldError(ErrorCode.UNKNOWN_FIELD, name[:40], f"unknown field {name[:40]!r}", hint)


def _granularities(given: _Given, answer: AnswerFormat) -> frozenset[Granularity]:
    name = "timestamp_granularities"
    try:
        asked = frozenset(map(Granularity, given.all(name)))
    except ValueError:
        hint = f"one or more of: {', '.join(Granularity)}"
        raise FieldError(ErrorCode.INVALID_OPTION, name, f"{name}: there is no such granularity", hint) from None
    if asked and answer is not AnswerFormat.VERBOSE_JSON:
        hint = "add response_format=verbose_json"
        raise FieldError(ErrorCode.INVALID_OPTION, name, f"{name}: the format {answer.value!r} has no timestamps", hint)
    return asked or frozenset({Granularity.SEGMENT})


def _is_streamed(given: _Given, answer: AnswerFormat) -> bool:
    text = given.single("stream").strip().lower()
    if text not in _YES_NO:
        raise FieldError(ErrorCode.INVALID_OPTION, "stream", "stream: neither true nor false", "true or false")
    is_streamed = _YES_NO[text]
    if is_streamed and answer not in _STREAMED:
        message = f"stream: the format {answer.value!r} cannot be sent in pieces"
        hint = f"use response_format={' or '.join(_STREAMED)}, or leave stream out"
        raise FieldError(ErrorCode.INVALID_OPTION, "stream", message, hint)
    return is_streamed


def _options(given: _Given) -> dict[str, str]:
    languages = given.all("languages")
    values = {
        # The model reads the end of a prompt; OpenAI's drops what stands before it as well.
        "prompt": given.single("prompt").strip()[-MAX_PROMPT_CHARS:],
        "keywords": ", ".join(given.all("keywords")),
        "language": given.single("language") or (languages[0] if len(languages) == 1 else ""),
        "temperature": given.single("temperature"),
    }
    values["language"] = language_code(values["language"])
    options: dict[str, str] = {}
    for sent, value in [*values.items(), *((name, given.single(name)) for name in OPTION_FIELDS)]:
        name = _OPTIONS.get(sent, sent)
        if not value.strip():
            continue
        if name in options:
            raise FieldError(ErrorCode.INVALID_OPTION, sent, f"{sent}: another field says it too", f"leave {name} out")
        _require_valid(sent, name, value)
        options[name] = value
    return options


def _require_valid(sent: str, name: str, value: str) -> None:
    """Each option alone, so that the refusal can name its field."""
    try:
        parse_options({name: value})
    except UsageError as error:
        raise FieldError(error.code, sent, error.message, error.hint) from error
