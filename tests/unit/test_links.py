"""Every link between the project's pages leads somewhere, headings included, and every page can be reached."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
_PASSED_OVER: Final = {"node_modules", "dist", "data"}
_FENCES: Final = re.compile(r"^(```|~~~).*?^\1\s*$", re.MULTILINE | re.DOTALL)
_LINKS: Final = re.compile(r"\]\(([^()\s]+)\)")


def pages() -> list[Path]:
    """All Markdown of the project but what others wrote."""
    return sorted(
        path
        for path in ROOT.rglob("*.md")
        if not any(part in _PASSED_OVER or part.startswith(".") for part in path.relative_to(ROOT).parts)
    )


@cache
def text(page: Path) -> str:
    """A page without its examples."""
    return _FENCES.sub("", page.read_text(encoding="utf-8"))


def links(page: Path) -> Iterator[tuple[str, Path, str]]:
    """Each link to something of the project: as written, the file, the anchor."""
    for link in _LINKS.findall(re.sub(r"`[^`\n]*`", "", text(page))):
        if "://" in link or link.startswith("mailto:"):
            continue
        path, _, anchor = link.partition("#")
        yield link, (page.parent / path).resolve() if path else page, anchor


@cache
def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    found: set[str] = set()
    for heading in re.findall(r"^#{1,6} +(.+?) *#*$", text(page), re.MULTILINE):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        number = 0
        while (name := f"{slug}-{number}" if number else slug) in found:
            number += 1
        found.add(name)
    return found


def test_every_link_leads_to_a_file_and_a_heading() -> None:
    dead = [
        f"{page.relative_to(ROOT)}: {link}"
        for page in pages()
        for link, target, anchor in links(page)
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target))
    ]
    assert dead == []


def test_every_page_can_be_reached_from_the_first() -> None:
    reached: set[Path] = set()
    ahead = [ROOT / "README.md"]
    while ahead:
        page = ahead.pop()
        if page in reached or page.suffix != ".md" or not page.exists():
            continue
        reached.add(page)
        ahead += [target / "README.md" if target.is_dir() else target for _, target, _ in links(page)]
    docs = [page for page in pages() if ROOT / "docs" in page.parents]
    assert [str(page.relative_to(ROOT)) for page in docs if page not in reached] == []
