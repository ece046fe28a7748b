"""The compose files as an engine sees them: merged, with variables replaced. No engine and no tool is asked."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

BASE: Final = "docker-compose.yml"
GPU: Final = "docker-compose.gpu.yml"
LARGE: Final = "docker-compose.large.yml"
FILES: Final = (BASE, GPU, LARGE)

_VARIABLE: Final = re.compile(r"\$(?:(?P<dollar>\$)|\{(?P<name>\w+)(?:(?P<kind>:?[-?])(?P<rest>[^}]*))?\})")


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of a compose file; ``default`` is None where it has none."""

    name: str
    default: str | None


def load(root: Path, *names: str, variables: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The files of these names (the first is the base), merged, with ``variables`` and else the defaults put in.

    Raises:
        LookupError: a variable without a default has no value.
    """
    merged: Any = {}
    for name in names or (BASE,):
        merged = _merge(merged, _put_in(_read(root / name), variables or {}))
    whole: dict[str, Any] = merged
    return whole


def services(root: Path, *names: str, variables: Mapping[str, str] | None = None) -> dict[str, dict[str, Any]]:
    """The services of ``load``."""
    found: dict[str, dict[str, Any]] = load(root, *names, variables=variables)["services"]
    return found


def variables_of(file: Path) -> list[Variable]:
    """Every variable that the file names, as often as it does; comments do not count."""
    return [
        Variable(found["name"], found["rest"] if found["kind"] in ("-", ":-") else None)
        for text in _texts(_read(file))
        for found in _VARIABLE.finditer(text)
        if found["name"]
    ]


def _read(file: Path) -> Any:
    return _parsed(file.read_text("utf-8"))


@cache
def _parsed(text: str) -> Any:
    # Nobody changes what comes out: the same text is read by many checks.
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe


def _merge(base: Any, over: Any) -> Any:
    """Mappings are merged; anything else of the later file replaces: what ours do, lists of Compose are richer."""
    if not (isinstance(base, dict) and isinstance(over, dict)):
        return over
    return base | {name: _merge(base[name], value) if name in base else value for name, value in over.items()}


def _put_in(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _put_in(part, variables) for name, part in value.items()}
    if isinstance(value, list):
        return [_put_in(part, variables) for part in value]
    return _replaced(value, variables) if isinstance(value, str) else value


def _replaced(text: str, variables: Mapping[str, str]) -> str:
    def value_of(found: re.Match[str]) -> str:
        if found["dollar"]:
            return "$"
        given = variables.get(found["name"], "")
        if given or found["kind"] in ("-", ":-"):
            return given or found["rest"]
        raise LookupError(f"{found['name']} is not set")

    return _VARIABLE.sub(value_of, text)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
    elif isinstance(value, str):
        yield value
