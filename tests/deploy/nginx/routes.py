"""Every route of the API by both of its names, as its documents tell them."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_ROW: Final = re.compile(r"^\| (`[^|]+) \|([^|]*)\|", re.MULTILINE)
_NAME: Final = re.compile(r"`(?:(GET|POST|DELETE) )?(/[^`]*)`")

UNDOCUMENTED: Final = ("/metrics", "/docs", "/docs/assets/swagger-ui.css", "/openapi.json")
"""Served, but by nothing that docs/openapi.json is made from."""

PAGE: Final = ("/", "/favicon.ico", "/assets/index.js")
"""The page for people, and what it loads."""

INSIDERS: Final = ("/stats", *UNDOCUMENTED, "/flower/", "/flower/api/tasks", "/metrics/", "/docs/")
"""Nothing for everybody."""

PLACEHOLDER: Final = "0123456789abcdef0123456789abcdef"


@dataclass(frozen=True, slots=True)
class Route:
    """One address with all that may be done at it."""

    path: str
    methods: frozenset[str]
    is_stream: bool = False
    takes_a_recording: bool = False

    @property
    def example(self) -> str:
        """A path that it answers."""
        return re.sub(r"\{[a-z_]+\}", PLACEHOLDER, self.path)


def routes(root: Path) -> list[Route]:
    """The routes of docs/openapi.json, and their other names out of docs/reference/http.md."""
    paths = json.loads((root / "docs/openapi.json").read_text("utf-8"))["paths"]
    found = [_route(path, operations) for path, operations in paths.items()]
    known = {route.path: route for route in found}
    for first, second in _pairs((root / "docs/reference/http.md").read_text("utf-8")):
        one = known.get(first, Route(first, frozenset()))
        found += [Route(second, one.methods, one.is_stream, one.takes_a_recording)] if first in known else []
    return found


def _route(path: str, operations: dict[str, dict[str, object]]) -> Route:
    text = json.dumps(operations)
    return Route(
        path,
        frozenset(method.upper() for method in operations),
        is_stream='"text/event-stream"' in text,
        takes_a_recording='"multipart/form-data"' in text,
    )


def _pairs(reference: str) -> list[tuple[str, str]]:
    """Address and other name, where a row of the table has both."""
    found = []
    for left, right in _ROW.findall(reference):
        one, other = _NAME.findall(left), _NAME.findall(right)
        if len(one) == 1 and other:
            found.append((one[0][1], other[0][1]))
    return found
