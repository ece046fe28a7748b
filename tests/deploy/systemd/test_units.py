"""The units of deploy/systemd are in order, by our checks and by systemd's own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.breakages import ROOT, Check, as_shipped
from tests.deploy.systemd.checks import BIN, CHECKS
from tests.deploy.systemd.units import FOLDER, environment

MANUAL = (ROOT / "docs/how-to/install-with-systemd.md").read_text()

MOST_EXPOSED = 1.7
"""Of 10; what systemd-analyze says of the worker, which opens devices. The manual tells the figure."""


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.replace("_", "-"))
def test_the_units_are_in_order(check: Check) -> None:
    assert as_shipped(check) == ()


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The units, for programs that this machine has."""
    folder = tmp_path_factory.mktemp("units")
    bin_dir = Path(sys.executable).parent
    for file in [*(ROOT / FOLDER).glob("*.service"), *(ROOT / FOLDER).glob("*.target")]:
        text = file.read_text().replace(BIN, f"{bin_dir}/").replace("/opt/stenopool", str(ROOT))
        (folder / file.name).write_text(text)
    return folder


def analyze(units: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    # The colon at the end: and where systemd itself looks.
    environment = {**os.environ, "SYSTEMD_UNIT_PATH": f"{units}:", "SYSTEMD_PAGER": ""}
    command = ["systemd-analyze", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.needs("systemd-analyze")
def test_systemd_takes_them(units: Path) -> None:
    files = [str(file) for file in sorted(units.iterdir())]
    assert len(files) == 6
    done = analyze(units, "verify", "--man=no", *files)
    ours = [line for line in (done.stdout + done.stderr).splitlines() if "stenopool" in line]
    assert (done.returncode, ours) == (0, [])


@pytest.mark.needs("systemd-analyze")
def test_systemd_finds_a_broken_one(units: Path, tmp_path: Path) -> None:
    unit = (units / "stenopool-api.service").read_text().replace("KillMode=mixed", "KillMode=gently")
    (tmp_path / "stenopool-api.service").write_text(unit)
    done = analyze(tmp_path, "verify", "--man=no", str(tmp_path / "stenopool-api.service"))
    assert "gently" in done.stderr


@pytest.mark.needs("systemd-analyze")
def test_threat_28_they_are_little_exposed(units: Path) -> None:
    for file in units.glob("*.service"):
        done = analyze(units, "security", "--offline=true", f"--threshold={round(MOST_EXPOSED * 10)}", str(file))
        assert done.returncode == 0, done.stdout.splitlines()[-1:]
    assert f"{MOST_EXPOSED} or better" in MANUAL


def test_files_of_the_manual_are_there() -> None:
    named = set(re.findall(r"deploy/systemd/[\w.@*-]+", MANUAL))
    assert {name for name in named if not list(ROOT.glob(name))} == set()
    unused = {file.name for file in (ROOT / FOLDER).iterdir()} - {
        file.name for name in named for file in ROOT.glob(name)
    }
    assert unused == set()


def test_secrets_are_files_that_the_manual_makes() -> None:
    files = [value for name, value in environment(ROOT).items() if name.endswith("_FILE")]
    tmpfiles = (ROOT / FOLDER / "tmpfiles.conf").read_text()
    for file in files:
        assert f" {Path(file).name}" in MANUAL
        assert f"z {file} 0640 root stenopool" in tmpfiles
