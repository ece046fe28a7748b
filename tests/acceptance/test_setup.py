"""scripts/setup.sh on machines that lack something, and broken off half-way."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.bare_machine import ROOT
from tests.waiting import wait_until

BUILD_TOOLS = ("editables", "hatchling", "packaging", "pathspec", "pluggy", "tomlkit", "trove-classifiers")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small project with the real set-up script and a lock of the build tools alone."""
    return small_project(tmp_path / "tree")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, "subprocess.CompletedProcess[str]"]:
    """One that has been set up, and how that went: making an environment takes longest."""
    folder = small_project(tmp_path_factory.mktemp("made") / "tree")
    return folder, set_up(folder)


def small_project(folder: Path) -> Path:
    (folder / "scripts").mkdir(parents=True)
    (folder / "requirements").mkdir()
    shutil.copy(ROOT / "scripts" / "setup.sh", folder / "scripts")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    (folder / "sdk" / "python").mkdir(parents=True)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / "sdk" / "python" / name, folder / "sdk" / "python")
    for package in ("api", "worker", "beat", "stenopool", "sdk/python/src/stenopool_client"):
        (folder / package).mkdir(parents=True)
        (folder / package / "__init__.py").touch()
    entries = (ROOT / "requirements" / "local.lock").read_text().replace("\\\n", "").splitlines()
    kept = [line for line in entries if line.startswith(tuple(f"{tool}==" for tool in BUILD_TOOLS))]
    assert len(kept) == len(BUILD_TOOLS)
    (folder / "requirements" / "local.lock").write_text("\n".join(kept) + "\n")
    return folder


def set_up(tree: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    kept = {name: value for name, value in os.environ.items() if name not in {"VENV", "PYTHON"}}
    return subprocess.run(
        ["scripts/setup.sh", "local"], cwd=tree, env=kept | environment, capture_output=True, text=True, check=False
    )


def pretend_python(folder: Path, refuses: str) -> Path:
    """An interpreter that fails where it is asked to import ``refuses``, as Debian's without python3-venv does."""
    program = folder / "python-without"
    program.write_text(f'#!/bin/sh\ncase "$*" in *"{refuses}"*) exit 1 ;; esac\nexit 0\n')
    program.chmod(0o755)
    return program


def test_without_ensurepip_one_line_says_what_to_install_and_no_environment_is_begun(
    tree: Path, tmp_path: Path
) -> None:
    done = set_up(tree, PYTHON=str(pretend_python(tmp_path, refuses="ensurepip")))
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["setup: Python comes without venv here: apt-get install python3-venv"]
    assert not (tree / ".venv").exists()


def test_without_a_fit_python_one_line_says_what_to_install(tree: Path, tmp_path: Path) -> None:
    done = set_up(tree, PYTHON=str(pretend_python(tmp_path, refuses="version_info")))
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "apt-get install python3" in done.stderr


def test_it_makes_an_environment_once_and_is_silent_afterwards(
    made: tuple[Path, "subprocess.CompletedProcess[str]"],
) -> None:
    tree, first = made
    assert first.returncode == 0, first.stderr
    assert "MB to fetch" in first.stdout
    installed = subprocess.run(
        [
            tree / ".venv/bin/python",
            "-c",
            "import stenopool, stenopool_client as c; print(stenopool.__file__, c.__file__)",
        ],
        capture_output=True,
        text=True,
        check=True,
        cwd=tree.parent,
    )
    ours = ("stenopool/__init__.py", "sdk/python/src/stenopool_client/__init__.py")
    assert installed.stdout.split() == [str(tree / name) for name in ours]
    again = set_up(tree)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


def test_a_changed_lock_is_installed(made: tuple[Path, "subprocess.CompletedProcess[str]"]) -> None:
    tree, first = made
    assert first.returncode == 0
    lock = tree / "requirements" / "local.lock"
    lock.write_text(lock.read_text() + "# another day\n")
    assert "ready" in set_up(tree).stdout


def test_broken_off_half_way_it_goes_on(tree: Path) -> None:
    with subprocess.Popen(["scripts/setup.sh", "local"], cwd=tree, start_new_session=True) as script:
        wait_until((tree / ".venv" / "pyvenv.cfg").exists, 30, "the environment to be begun")
        os.killpg(script.pid, signal.SIGKILL)
    assert not list(tree.glob(".venv/*.stamp"))
    done = set_up(tree)
    assert done.returncode == 0, done.stderr
    assert list(tree.glob(".venv/*.stamp"))


def test_a_package_that_does_not_match_its_hash_is_refused_with_the_reason(tree: Path) -> None:
    lock = tree / "requirements" / "local.lock"
    lock.write_text("pluggy==1.7.0 --hash=sha256:" + "0" * 64 + "\n")
    done = set_up(tree)
    assert done.returncode == 1
    assert "HASH" in done.stderr.upper()
    assert not list(tree.glob(".venv/*.stamp"))


def test_a_folder_that_is_no_environment_is_left_alone(tree: Path) -> None:
    (tree / ".venv").mkdir()
    (tree / ".venv" / "thesis.txt").write_text("precious")
    done = set_up(tree)
    assert done.returncode == 1
    assert (tree / ".venv" / "thesis.txt").read_text() == "precious"
