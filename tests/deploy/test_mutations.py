"""Each breakage of a shipped file turns its check red, which is green for the files as they are."""

from pathlib import Path
from typing import Final

import pytest

from tests.deploy.breakages import ROOT, Breakage, as_shipped, copy_of_the_project
from tests.deploy.compose import breakages as compose
from tests.deploy.images import breakages as images
from tests.deploy.k8s import breakages as k8s
from tests.deploy.monitoring import breakages as monitoring
from tests.deploy.nginx import breakages as nginx
from tests.deploy.operators import breakages as operators
from tests.deploy.systemd import breakages as systemd

AREAS: Final[dict[str, tuple[Breakage, ...]]] = {
    "compose": compose.BREAKAGES,
    "images": images.BREAKAGES,
    "k8s": k8s.BREAKAGES,
    "monitoring": monitoring.BREAKAGES,
    "nginx": nginx.BREAKAGES,
    "operators": operators.BREAKAGES,
    "systemd": systemd.BREAKAGES,
}

BREAKAGES: Final = tuple(breakage for area in AREAS.values() for breakage in area)


@pytest.mark.parametrize("breakage", BREAKAGES, ids=lambda breakage: breakage.name.replace(" ", "-"))
def test_a_breakage_is_found(breakage: Breakage, tmp_path: Path) -> None:
    assert as_shipped(breakage.check) == ()
    broken = copy_of_the_project(tmp_path / "broken")

    breakage.apply(broken)

    assert breakage.check(broken) != []


def test_every_area_has_breakages_and_all_have_names_of_their_own() -> None:
    assert {name: len(area) for name, area in AREAS.items() if len(area) < 10} == {}
    assert len({breakage.name for breakage in BREAKAGES}) == len(BREAKAGES) >= 40


def test_every_folder_of_checks_is_an_area() -> None:
    assert {file.parent.name for file in Path(__file__).parent.glob("*/breakages.py")} == AREAS.keys()


def test_breaking_a_copy_leaves_the_project_as_it_is(tmp_path: Path) -> None:
    broken = copy_of_the_project(tmp_path / "broken")
    before = (ROOT / "docker-compose.yml").read_bytes()

    Breakage("any", "docker-compose.yml", "noeviction", "allkeys-lru", lambda _: []).apply(broken)

    assert (ROOT / "docker-compose.yml").read_bytes() == before
    assert b"allkeys-lru" in (broken / "docker-compose.yml").read_bytes()
