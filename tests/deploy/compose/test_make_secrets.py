"""``make secrets``: what it makes, and that it never makes it again."""

import importlib.util
import stat
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.deploy.breakages import ROOT

SCRIPT = ROOT / "scripts/make_secrets.py"


@pytest.fixture
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_secrets", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make(folder: Path) -> str:
    return subprocess.run(
        [sys.executable, "-I", SCRIPT, folder], capture_output=True, text=True, check=True
    ).stdout  # fmt: skip


def contents(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in folder.iterdir()}


def test_every_secret_is_made_once_and_none_is_told(tmp_path: Path) -> None:
    told = make(tmp_path / "secrets")
    first = contents(tmp_path / "secrets")
    told += make(tmp_path / "secrets")
    assert contents(tmp_path / "secrets") == first
    assert "all are there" in told
    passwords = [text.strip() for name, text in first.items() if "config" not in name]
    assert len(set(passwords)) == len(passwords) == 7
    assert all(len(password) == 43 and password not in told for password in passwords)


def test_the_folder_is_its_owners_and_the_files_can_be_read_in_containers(tmp_path: Path, script: ModuleType) -> None:
    script.make_secrets(tmp_path / "secrets")
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "secrets").iterdir()} == {0o444}


def test_a_secret_of_ones_own_is_kept(tmp_path: Path, script: ModuleType) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "api_key").write_text("a key of my own, long enough\n")
    assert "api_key" not in script.make_secrets(folder)
    assert (folder / "api_key").read_text() == "a key of my own, long enough\n"


def test_what_is_made_of_a_password_follows_it(tmp_path: Path, script: ModuleType) -> None:
    folder = tmp_path / "secrets"
    script.make_secrets(folder)
    before = contents(folder)
    (folder / "flower_password").unlink()
    assert script.make_secrets(folder) == ["flower_password", "flower_config"]
    after = contents(folder)
    assert after["flower_password"] != before["flower_password"]
    assert after["flower_password"].strip() in after["flower_config"]
    assert after["prometheus_web_config"] == before["prometheus_web_config"]


def test_bcrypt_is_bcrypt(script: ModuleType) -> None:
    """Compared with the published test vector of John the Ripper's crypt_blowfish for U*U (wrapper.c)."""
    hashed = script.bcrypt("U*U")
    assert hashed.startswith("$2b$10$")
    assert len(hashed) == 60
    known = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
    assert script.crypt_with("U*U", known[:29]) == known


def test_a_machine_without_bcrypt_says_what_to_install(
    tmp_path: Path, script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(script, "_by_libcrypt", lambda _: None)
    monkeypatch.setattr(script, "_by_htpasswd", lambda _: None)
    assert script.main([str(tmp_path / "secrets")]) == 1
    assert "apache2-utils" in capsys.readouterr().err
