"""The texts of the scripts: the shared parts in front of each operation's own, under one clock."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

SHARED: Final = (
    *("call", "keys", "lives", "counts", "records", "events", "queues", "claims"),
    *("quotas", "outbox", "retention", "runs", "deletion", "views", "intake"),
)
"""Shared parts, each building on those before it."""


@dataclass(frozen=True)
class Script:
    """One operation's whole text, as Redis gets it."""

    name: str
    text: str

    @cached_property
    def sha(self) -> str:
        """Name under which Redis keeps the text."""
        return hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()


class ScriptBook:
    """All scripts, read on first use.

    ``clock`` is the Lua text that defines ``now_ms``; None is the package's own, which asks Redis. Only whoever makes a
    book can give it another, so that no argument or key of a running system moves the ledger's time.
    """

    def __init__(self, clock: str | None = None) -> None:
        self._clock = clock
        self._scripts: dict[str, Script] = {}

    def __getitem__(self, name: str) -> Script:
        """The script of an operation. Raises ``FileNotFoundError`` for an unknown one."""
        if name not in self._scripts:
            self._scripts[name] = Script(name, self.shared + _text(f"{name}.lua"))
        return self._scripts[name]

    @cached_property
    def shared(self) -> str:
        """What stands in front of every operation."""
        clock = self._clock if self._clock is not None else _text("shared/clock.lua")
        return clock + "".join(_text(f"shared/{part}.lua") for part in SHARED)


def operation_names() -> tuple[str, ...]:
    """Names of all scripts, sorted."""
    return tuple(sorted(item.name.removesuffix(".lua") for item in _folder().iterdir() if item.name.endswith(".lua")))


def _folder() -> Traversable:
    return files("stenopool.ledger").joinpath("scripts")


def _text(path: str) -> str:
    return _folder().joinpath(path).read_text(encoding="utf-8")
