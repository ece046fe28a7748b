"""Each breakage of a shipped file turns its check red, which is green for the files as they are."""

from pathlib import Path
from typing import Final

import pytest

from tests.deploy.breakages import ROOT, Breakage, copy_of_the_project
from tests.deploy.compose import breakages as compose
from tests.deploy.images import breakages as images
from tests.deploy.k8s import breakages as k8s
from tests.deploy.nginx import breakages as nginx
from tests.deploy.operators import breakages as operators
from tests.deploy.systemd import breakages as systemd

BREAKAGES: Final[tuple[Breakage, ...]] = (
    *compose.BREAKAGES,
    *images.BREAKAGES,
    *k8s.BREAKAGES,
    *nginx.BREAKAGES,
    *operators.BREAKAGES,
    *systemd.BREAKAGES,
)


@pytest.mark.parametrize("breakage", BREAKAGES, ids=lambda breakage: breakage.name.replace(" ", "-"))
def test_a_breakage_is_found(breakage: Breakage, tmp_path: Path) -> None:
    assert breakage.check(ROOT) == []
    broken = copy_of_the_project(tmp_path / "broken")

    breakage.apply(broken)

    assert breakage.check(broken) != []
