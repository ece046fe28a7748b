"""Chooses the format of a result from the query parameter, else from the ``Accept`` header (RFC 9110, section 12.5.1)."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from stenopool.errors import ErrorCode, UsageError
from stenopool.transcripts.formats.kinds import MEDIA_TYPES, Format


@dataclass(frozen=True, slots=True)
class _Range:
    """One entry of the header: a media type or a pattern of them, with its weight."""

    pattern: str
    weight: float
    place: int

    def matches(self, media_type: str) -> bool:
        """Whether the type is meant by this entry."""
        return self.pattern in ("*/*", media_type, media_type.partition("/")[0] + "/*")

    @property
    def precision(self) -> int:
        """0 for anything, 1 for a family of types, 2 for one type: the most precise entry speaks for a type."""
        return 2 - self.pattern.count("*")


def format_of(query: str | None, accept: str | None) -> Format:
    """The format that is asked for; ``query`` wins over ``accept``, JSON stands where neither says anything.

    Among formats of equal weight, one that the caller named precisely goes before one that only a pattern allows, then
    the order of the header decides. An entry that cannot be read is passed over.

    Raises:
        UsageError: ``invalid_request`` with the valid names, when the name is unknown or no format is acceptable.
    """
    if query is not None and query.strip():
        return _named(query.strip())
    if accept is None or not accept.strip():
        return Format.JSON
    ranges = _ranges(accept)
    wanted = [(rank, form) for form in Format if (rank := _rank(form, ranges)) is not None]
    if not wanted:
        raise UsageError(
            ErrorCode.INVALID_REQUEST,
            "no format of a transcript is acceptable by the Accept header",
            f"formats are: {_listed(form.media_type for form in Format)}",
        )
    # The first of equals: max keeps the order of preference.
    return max(wanted, key=lambda item: item[0])[1]


def _named(name: str) -> Format:
    try:
        return Format(name.lower())
    except ValueError:
        near = difflib.get_close_matches(name.lower(), [*Format], n=1)
        hint = f"formats are: {_listed(Format)}"
        raise UsageError(
            ErrorCode.INVALID_REQUEST,
            f"unknown format {name[:20]!r}",
            f"did you mean '{near[0]}'? {hint}" if near else hint,
        ) from None


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _rank(form: Format, ranges: list[_Range]) -> tuple[float, int, int] | None:
    """How much the format is wanted: weight, precision, place in the header (earlier is more); None for not at all."""
    ranks = []
    for media_type in MEDIA_TYPES[form]:
        told = max((entry for entry in ranges if entry.matches(media_type)), key=lambda e: e.precision, default=None)
        if told is not None and told.weight > 0:
            ranks.append((told.weight, told.precision, -told.place))
    return max(ranks, default=None)


def _ranges(accept: str) -> list[_Range]:
    ranges = []
    for place, entry in enumerate(accept.lower().split(",")):
        pattern, *parameters = (part.strip() for part in entry.split(";"))
        kind, slash, name = pattern.partition("/")
        weight = _weight(parameters)
        if slash and kind and name and (kind != "*" or name == "*") and weight is not None:
            ranges.append(_Range(pattern, weight, place))
    return ranges


def _weight(parameters: list[str]) -> float | None:
    """The value of ``q``, 1 where there is none, None where it is no number of 0..1."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                weight = float(value)
            except ValueError:
                return None
            return weight if 0 <= weight <= 1 else None
    return 1.0
