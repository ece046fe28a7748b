"""Reads units as systemd does, as far as ours go: sections, and settings that may stand more than once."""

from dataclasses import dataclass
from pathlib import Path

FOLDER = "deploy/systemd"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit's settings, by section and name, in the order of the file."""

    name: str
    settings: dict[tuple[str, str], list[str]]

    def all(self, section: str, name: str) -> list[str]:
        """Every value of a setting."""
        return self.settings.get((section, name), [])

    def last(self, section: str, name: str) -> str:
        """The value that counts where one does; empty without any."""
        return (self.all(section, name) or [""])[-1]


def read_unit(file: Path) -> Unit:
    """The unit in ``file``.

    Raises:
        ValueError: a line is none of comment, section and setting.
    """
    settings: dict[tuple[str, str], list[str]] = {}
    section = ""
    for line in file.read_text(encoding="utf-8").splitlines():
        if not line or line[0] in "#;":
            continue
        if line.startswith("["):
            section = line.strip("[]")
            continue
        name, sign, value = line.partition("=")
        if not sign:
            raise ValueError(f"{file.name}: {line!r} is no setting")
        settings.setdefault((section, name), []).append(value)
    return Unit(file.name, settings)


def services(root: Path) -> list[Unit]:
    """All services."""
    return [read_unit(file) for file in sorted((root / FOLDER).glob("*.service"))]


def environment(root: Path) -> dict[str, str]:
    """The variables of ``stenopool.env.example``, as systemd reads them."""
    lines = (root / FOLDER / "stenopool.env.example").read_text(encoding="utf-8").splitlines()
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    return {name: value for name, _, value in pairs}
