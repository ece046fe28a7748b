"""What a submission asks, out of its form fields or query: model, options, and the names the client gives the job."""

import difflib
import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NoReturn

from pydantic import JsonValue

from api.services.keeping import NO_WISH, KeepingWish, parse_wish
from stenopool.errors import ErrorCode, UsageError
from stenopool.transcripts.options import Options, parse_options, wire_names
from stenopool.webhooks.addresses import NO_OPENINGS, Openings
from stenopool.webhooks.receivers import require_receiver

MAX_METADATA_BYTES: Final = 2048
"""JSON text of ``metadata``: it is read with every status and stands in every manifest."""

MAX_METADATA_DEPTH: Final = 20
"""Objects within lists within objects; writing JSON has limits of its own, far beyond this."""

MAX_EXTERNAL_ID_CHARS: Final = 200
MAX_KEY_CHARS: Final = 255

JOB_FIELDS: Final = ("model", "external_id", "metadata", "webhook_url", "media_ttl", "result_ttl")
"""Fields beside the options; only ``model`` has a part in the digest, by the identity of who serves it."""


@dataclass(frozen=True, slots=True)
class JobRequest:
    """One submission as it is meant, defaults filled in."""

    model: str
    options: Options
    external_id: str | None = None
    metadata: Mapping[str, JsonValue] | None = None
    webhook_url: str | None = None
    keep: KeepingWish = NO_WISH

    @property
    def further(self) -> tuple[str, ...]:
        """What two equal requests also have in common, beside recording and options."""
        told = (self.model, self.external_id or "", json.dumps(self.metadata, sort_keys=True), self.webhook_url or "")
        # Only where there is one: hashes of requests without stay as they were.
        return told if self.keep == NO_WISH else (*told, str(self.keep))


def parse_request(
    fields: Iterable[tuple[str, str]], offered: Sequence[str], openings: Openings = NO_OPENINGS
) -> JobRequest:
    """The request in these fields; an empty value means the default. ``offered`` are the models, the default first.

    ``openings`` are the private receivers that webhooks may reach.

    Raises:
        UsageError: ``unknown_field`` with the nearest valid name, ``model_not_offered`` with the list, or
            ``invalid_option`` naming what is wrong.
    """
    values = _single(fields)
    _require_known(values)
    return JobRequest(
        model=_model(values.pop("model", "").strip(), offered),
        external_id=_external_id(values.pop("external_id", "")),
        metadata=_metadata(values.pop("metadata", "")),
        webhook_url=_webhook_url(values.pop("webhook_url", ""), openings),
        keep=parse_wish(values.pop("media_ttl", ""), values.pop("result_ttl", "")),
        options=parse_options(values),
    )


def require_key(key: str | None) -> str | None:
    """An ``Idempotency-Key`` as it came, None where there is none.

    Raises:
        UsageError: ``invalid_request`` for a key that is not 1 to 255 visible ASCII characters.
    """
    if key is None:
        return None
    if not 0 < len(key) <= MAX_KEY_CHARS or not all("!" <= char <= "~" for char in key):
        raise UsageError(
            ErrorCode.INVALID_REQUEST,
            "the Idempotency-Key is not usable",
            f"it has 1 to {MAX_KEY_CHARS} visible ASCII characters; a random UUID is a good one",
        )
    return key


def require_external_id(text: str) -> str:
    """An ``external_id`` as it is stored and looked for.

    Raises:
        UsageError: ``invalid_option`` for one that is empty, too long or holds invisible characters.
    """
    name = text.strip()
    if not 0 < len(name) <= MAX_EXTERNAL_ID_CHARS:
        _refuse("external_id", f"it has 1 to {MAX_EXTERNAL_ID_CHARS} characters")
    if any(unicodedata.category(char) in ("Cc", "Cf", "Cs") for char in name):
        _refuse("external_id", "it holds invisible characters")
    return name


def _single(fields: Iterable[tuple[str, str]]) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in fields:
        if name in values:
            raise UsageError(ErrorCode.INVALID_OPTION, f"the field {name[:40]!r} was given twice", "send it once")
        values[name] = value
    return values


def _require_known(names: Iterable[str]) -> None:
    known = (*wire_names(), *JOB_FIELDS)
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"fields are: {', '.join(known)}"
            raise UsageError(ErrorCode.UNKNOWN_FIELD, f"unknown field {name[:40]!r}", hint)


def _model(name: str, offered: Sequence[str]) -> str:
    if not name:
        return offered[0]
    if name not in offered:
        raise UsageError(
            ErrorCode.MODEL_NOT_OFFERED,
            f"the model {name[:40]!r} is not offered here",
            f"models are: {', '.join(offered)}; the operator sets them with MODELS",
        )
    return name


def _external_id(text: str) -> str | None:
    return require_external_id(text) if text.strip() else None


def _webhook_url(text: str, openings: Openings) -> str | None:
    return require_receiver(text.strip(), openings) if text.strip() else None


def _metadata(text: str) -> dict[str, JsonValue] | None:
    if not text.strip():
        return None
    if len(text.encode("utf-8", "replace")) > MAX_METADATA_BYTES:
        _refuse("metadata", f"its JSON text has at most {MAX_METADATA_BYTES} bytes")
    try:
        value = json.loads(text)
        # What can be read cannot always be written: half a surrogate pair, numbers beyond all bounds.
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        _refuse("metadata", "it is not valid JSON")
    if not isinstance(value, dict):
        _refuse("metadata", "it is not a JSON object")
    if _is_deeper(value, MAX_METADATA_DEPTH):
        _refuse("metadata", f"it is nested more than {MAX_METADATA_DEPTH} deep")
    return value


def _is_deeper(value: object, levels: int) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    return isinstance(value, list) and (levels == 0 or any(_is_deeper(part, levels - 1) for part in value))


def _refuse(name: str, why: str) -> NoReturn:
    raise UsageError(ErrorCode.INVALID_OPTION, f"{name}: {why}", "see the API reference for names and bounds")
