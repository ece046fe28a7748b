"""The Dockerfiles, as far as they can be looked at without an engine that builds them."""

import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.deploy.breakages import ROOT, Check, as_shipped
from tests.deploy.images.checks import CHECKS, DOCKERFILES
from tests.deploy.images.dockerfile import is_ignored


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_dockerfiles_are_in_order(check: Check) -> None:
    assert as_shipped(check) == ()


def test_hadolint_has_nothing_to_say() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, *DOCKERFILES], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(
    ("path", "is_kept"),
    [("api/main.py", False), ("api/__pycache__/main.pyc", True), ("models/base/model.bin", True), (".env", True)],
)
def test_the_reading_of_dockerignore_is_right(path: str, is_kept: bool) -> None:
    assert is_ignored(path, ROOT / ".dockerignore") is is_kept


def test_everything_in_the_api_image_runs_on_its_own_lock(tmp_path: Path) -> None:
    """Every module of the image, and what starts its processes, with all other packages of this environment hidden."""
    lock = (ROOT / "requirements/api.lock").read_text("utf-8")
    locked = {_plain(line.partition("==")[0]) for line in lock.splitlines() if "==" in line and line[0].isalnum()}
    hidden = [
        module
        for module, distributions in packages_distributions().items()
        if not {_plain(name) for name in distributions} & locked and module not in {"api", "beat", "stenopool"}
    ]
    assert {"ctranslate2", "numpy", "av", "faster_whisper"} <= set(hidden)
    # As COPY does it: there is no worker beside them.
    hidden.append("worker")
    for name in ("api", "beat", "stenopool"):
        (tmp_path / name).symlink_to(ROOT / name)
    sources = (path for name in ("api", "beat", "stenopool") for path in sorted((ROOT / name).rglob("*.py")))
    modules = [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in sources]
    done = subprocess.run(
        [sys.executable, "-c", _IMPORT_ALL.format(hidden=hidden, modules=[*modules, "uvicorn.main", "flower.command"])],
        cwd=tmp_path,
        env={"PATH": "", "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


_IMPORT_ALL = """
import importlib, importlib.abc, sys

class Hidden(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in {hidden!r}:
            raise ModuleNotFoundError(name + " is not in the image", name=name)

sys.meta_path.insert(0, Hidden())
for name in {modules!r}:
    if not name.endswith("__main__"):
        importlib.import_module(name)
"""


def _plain(name: str) -> str:
    return name.strip().lower().replace("_", "-")
