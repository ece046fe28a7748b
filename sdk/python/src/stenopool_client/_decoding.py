"""JSON to frozen dataclasses, by their annotations."""

import types
from collections.abc import Callable, Hashable, Mapping
from dataclasses import MISSING, fields
from datetime import date, datetime
from functools import cache
from typing import Any, Final, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from stenopool_client.errors import UnexpectedAnswerError

T = TypeVar("T")


def decoded(kind: type[T], value: object) -> T:
    """A value of ``kind`` out of parsed JSON. Unknown fields are passed over, missing ones may only be optional.

    Raises:
        UnexpectedAnswerError: it is none.
    """
    try:
        built: T = _reader(cast("Hashable", kind))(value)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnexpectedAnswerError(f"the answer is no {kind.__name__}: {error!r}") from error
    return built


@cache
def _reader(kind: Any) -> Callable[[Any], Any]:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        [inner] = [_reader(part) for part in get_args(kind) if part is not type(None)]
        return lambda value: None if value is None else inner(value)
    if origin is tuple:
        item = _reader(get_args(kind)[0])
        return lambda value: tuple(item(part) for part in value)
    if origin is Mapping:
        item = _reader(get_args(kind)[1])
        return lambda value: {str(name): item(part) for name, part in value.items()}
    if kind in _PLAIN:
        return _PLAIN[kind]
    if kind is object or origin is Literal:
        # A state that a newer server adds is no reason to fail.
        return lambda value: value
    return _record(kind)


def _checked(kind: type) -> Callable[[object], object]:
    def read(value: object) -> object:
        if not isinstance(value, kind):
            raise TypeError(f"{value!r} is no {kind.__name__}")
        return value

    return read


_PLAIN: Final[dict[Any, Callable[[Any], Any]]] = {
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
    float: float,
    **{kind: _checked(kind) for kind in (int, str, bool)},
}


def _record(kind: Any) -> Callable[[Any], Any]:
    hints = get_type_hints(kind)
    known = [(field.name, _reader(hints[field.name]), _missing(field, hints[field.name])) for field in fields(kind)]

    def read(value: Any) -> Any:
        given = {}
        for name, reader, may_miss in known:
            if name in value:
                given[name] = reader(value[name])
            elif not may_miss:
                raise KeyError(name)
        return kind(**{name: None for name, _, _ in known if name not in given and _has_no_default(kind, name)} | given)

    return read


def _missing(field: Any, hint: Any) -> bool:
    return field.default is not MISSING or type(None) in get_args(hint)


def _has_no_default(kind: Any, name: str) -> bool:
    return next(field.default is MISSING for field in fields(kind) if field.name == name)
