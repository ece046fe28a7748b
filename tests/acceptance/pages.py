"""The examples of the project's pages: fenced blocks that are run as they stand.

A block whose fence says ``python``, ``sh``, ``js`` or ``ts`` and nothing else is run. What cannot be run here says so by a
second word (```` ```python before ````) or by no word at all.
"""

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]


def blocks(page: str, language: str) -> list[str]:
    """The examples of a page, given as its path below ``docs``, in one language."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    found = re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert found, f"{page} has no example in {language}"
    return found
