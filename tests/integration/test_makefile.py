"""What make hands on to the commands."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.needs("make")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with the real Makefile, where setting up does nothing and Python prints its arguments."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name, text in {
        "scripts/setup.sh": "",
        ".venv/bin/python": 'for word in "$@"; do printf "<%s>\\n" "$word"; done',
    }.items():
        program = tmp_path / name
        program.parent.mkdir(parents=True)
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
    return tmp_path


def make(tree: Path, *arguments: str, **environment: str) -> str:
    return subprocess.run(
        ["make", *arguments],
        cwd=tree,
        env={"PATH": "/usr/bin:/bin"} | environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


@pytest.mark.parametrize(
    "name", ["talk.mp3", "my talk.mp3", 'it\'s "5" $ $(HOME) `id` & more; #1 %s.mp3', "-n.mp3", "Grüße.mp3", "a\\b.mp3"]
)
def test_a_file_of_any_name_reaches_the_demo_as_it_is(tree: Path, name: str) -> None:
    assert f"<--file={name}>" in make(tree, "demo", f"FILE={name}")


def test_a_variable_of_the_environment_that_is_called_file_is_not_meant(tree: Path) -> None:
    assert "<--file=>" in make(tree, "demo", FILE="other.mp3", MODEL="large")
    assert "<--model=>" in make(tree, "demo", FILE="other.mp3", MODEL="large")


def test_a_model_is_handed_on(tree: Path) -> None:
    assert "<--model=owner/name>" in make(tree, "up", "MODEL=owner/name")


def test_make_alone_tells_every_command(tree: Path) -> None:
    told = {line.split()[1] for line in make(tree).splitlines()}
    assert {"demo", "test", "up", "check", "clean", "help"} <= told


def test_clean_leaves_data_models_and_a_foreign_folder_alone(tree: Path) -> None:
    for name in ("data/store/media", "models/base", "mine"):
        (tree / name).mkdir(parents=True)
    make(tree, "clean", "VENV=mine")
    assert all((tree / name).is_dir() for name in ("data/store/media", "models/base", "mine"))
