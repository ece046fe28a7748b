"""web/: it compiles, its own tests pass, it is as small as was promised, and an image has all that it is built from."""

import gzip
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.acceptance.live_stack import ROOT
from tests.deploy.images.dockerfile import is_ignored, stages

pytestmark = [pytest.mark.needs("node"), pytest.mark.timeout(300)]

WEB: Final = ROOT / "web"
MOST_SCRIPT_BYTES: Final = 40_000
"""Of all scripts together, compressed, without the waveform's."""


def ran(*command: str, folder: Path = WEB) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_compiles(built_page: Path) -> None:
    ran("npm", "run", "--silent", "check")


def test_its_own_tests_pass(built_page: Path, tmp_path: Path) -> None:
    ran(
        "node_modules/.bin/vitest", "run", "--reporter=dot", "--reporter=json", f"--outputFile.json={tmp_path / 'told'}"
    )
    told = json.loads((tmp_path / "told").read_text("utf-8"))
    assert (told["numFailedTests"], told["numPendingTests"]) == (0, 0)
    assert told["numPassedTests"] > 40


def test_its_lock_names_no_address() -> None:
    lock = json.loads((WEB / "package-lock.json").read_text("utf-8"))
    assert [name for name, package in lock["packages"].items() if "resolved" in package] == []


def test_its_scripts_are_small(built_page: Path) -> None:
    scripts = {file.name: len(gzip.compress(file.read_bytes())) for file in (built_page / "assets").glob("*.js")}
    own = {name: size for name, size in scripts.items() if "wavesurfer" not in name}
    assert len(own) < len(scripts), "the waveform has no script of its own"
    assert sum(own.values()) < MOST_SCRIPT_BYTES, own


def test_it_loads_nothing_from_elsewhere(built_page: Path) -> None:
    page = (built_page / "index.html").read_text("utf-8")
    for address in re.findall(r'(?:src|href)="([^"]+)"', page):
        assert address.startswith("./assets/"), address
    assert 'content="__CSP_NONCE__"' in page


def test_what_the_image_copies_is_enough_to_build_it(built_page: Path, tmp_path: Path) -> None:
    """As the stage of Dockerfile.api does it, but with the tools that are here."""
    [stage] = [stage for stage in stages(ROOT / "Dockerfile.api") if stage[0].arguments[-1] == "web"]
    web = tmp_path / "src" / "web"
    web.mkdir(parents=True)
    for copy in (one for one in stage if one.word == "COPY"):
        *sources, target = copy.arguments
        place = tmp_path / target[1:] if target.startswith("/") else web
        for source in sources:
            _copy_as_docker(ROOT / source, place)
    (web / "node_modules").symlink_to(WEB / "node_modules")
    ran("npm", "run", "--silent", "build", folder=web)
    assert (web / "dist" / "index.html").is_file()


def _copy_as_docker(source: Path, place: Path) -> None:
    if source.is_file():
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, place)
        return
    for file in source.rglob("*"):
        name = str(file.relative_to(ROOT))
        if file.is_file() and "node_modules" not in file.parts and not is_ignored(name, ROOT / ".dockerignore"):
            into = place / file.relative_to(source)
            into.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, into)
