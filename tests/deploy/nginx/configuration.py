"""The shipped configuration as nginx reads it: which location a path goes to, and what holds there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import crossplane  # type: ignore[import-untyped]  # Comes with gixy-ng, has no types.


@dataclass(frozen=True, slots=True)
class Directive:
    """One directive and what stands in its braces."""

    name: str
    args: tuple[str, ...]
    block: tuple["Directive", ...] = ()

    def all(self, name: str) -> list["Directive"]:
        """The directives of this name right inside."""
        return [inner for inner in self.block if inner.name == name]

    def walk(self) -> Iterator["Directive"]:
        """Itself and everything inside."""
        yield self
        for inner in self.block:
            yield from inner.walk()


@dataclass(frozen=True)
class Location:
    """A location, its server and the http block around both."""

    own: Directive
    server: Directive
    http: Directive

    @property
    def name(self) -> str:
        """As it is written: ``~ ^/jobs/[^/]+$``."""
        return " ".join(self.own.args)

    def values(self, name: str) -> list[tuple[str, ...]]:
        """The arguments of each directive that holds here, of the nearest level that has any."""
        for level in (self.own, self.server, self.http):
            if found := [inner.args for inner in level.all(name)]:
                return found
        return []

    def value(self, name: str) -> str:
        """The last of them as one text; empty where nothing is said."""
        found = self.values(name)
        return " ".join(found[-1]) if found else ""

    @property
    def is_proxied(self) -> bool:
        """Whether it asks anybody else."""
        return bool(self.own.all("proxy_pass"))

    def fits(self, path: str) -> bool:
        """Whether the path may come here."""
        kind, pattern = self.own.args if len(self.own.args) == 2 else ("", self.own.args[0])
        if kind == "=":
            return path == pattern
        if kind == "~":
            return re.search(pattern, path) is not None
        return path.startswith(pattern)


@dataclass(frozen=True)
class Configuration:
    """Everything that ``nginx.conf`` includes, as one tree."""

    main: Directive

    @classmethod
    @lru_cache(maxsize=2)
    def read(cls, root: Path) -> "Configuration":
        """Reads it as it is shipped in ``root``; once, since several checks ask for the same."""
        parsed = crossplane.parse(str(root / "nginx/nginx.conf"), combine=True, comments=False)
        assert parsed["status"] == "ok", parsed["errors"]
        return cls(Directive("", (), _directives(parsed["config"][0]["parsed"])))

    @cached_property
    def http(self) -> Directive:
        """The block in which everything is."""
        return self.main.all("http")[0]

    @property
    def servers(self) -> list[Directive]:
        """Everybody's first, then the insiders'."""
        return self.http.all("server")

    def locations(self, server: Directive) -> list[Location]:
        """Those of a server, in their order."""
        return [Location(own, server, self.http) for own in server.all("location")]

    @property
    def all_locations(self) -> list[Location]:
        """Those of every server."""
        return [location for server in self.servers for location in self.locations(server)]

    def location(self, server: Directive, path: str) -> Location:
        """Where a path goes: the exact name, the longest prefix if it says so, the first expression, the longest prefix."""
        fitting = [location for location in self.locations(server) if location.fits(path)]
        exact = [location for location in fitting if location.own.args[0] == "="]
        expressions = [location for location in fitting if location.own.args[0] == "~"]
        prefixes = sorted(
            (one for one in fitting if one not in exact + expressions), key=lambda one: len(one.own.args[-1])
        )
        if exact:
            return exact[0]
        if expressions and not (prefixes and prefixes[-1].own.args[0] == "^~"):
            return expressions[0]
        return prefixes[-1]


def _directives(parsed: list[dict[str, Any]]) -> tuple[Directive, ...]:
    return tuple(Directive(one["directive"], tuple(one["args"]), _directives(one.get("block", []))) for one in parsed)
