"""Lines that import-linter cannot draw: who reads the environment, and what importing a module does."""

import ast
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = ("api", "worker", "beat", "stenopool")
MAY_READ_ENVIRONMENT: Final = {Path("stenopool/settings.py")}


def sources() -> list[Path]:
    return [path.relative_to(ROOT) for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def reads_environment(tree: ast.AST) -> bool:
    names = {"environ", "environb", "getenv", "getenvb", "putenv"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id == "os" and node.attr in names:
                return True
        elif isinstance(node, ast.ImportFrom) and node.module == "os" and {alias.name for alias in node.names} & names:
            return True
    return False


@pytest.mark.parametrize("code", ["import os\nos.environ['A']", "from os import getenv", "import os\nos.getenv('A')"])
def test_the_look_for_readers_of_the_environment_finds_them(code: str) -> None:
    assert reads_environment(ast.parse(code))


def test_the_environment_is_read_in_one_place() -> None:
    readers = {path for path in sources() if reads_environment(ast.parse((ROOT / path).read_text(encoding="utf-8")))}
    assert readers == MAY_READ_ENVIRONMENT


def test_importing_modules_reads_no_setting_and_opens_no_connection() -> None:
    """In a process of its own, with a setting that would stop it and a guard on sockets."""
    modules = [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in sources()]
    code = (
        "import importlib, sys\n"
        "def guard(event, arguments):\n"
        "    if event == 'socket.connect':\n"
        "        raise SystemExit(f'connected to {arguments[1]}')\n"
        "sys.addaudithook(guard)\n"
        f"for name in {modules!r}:\n"
        "    importlib.import_module(name)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"API_PORT": "wrong", "PATH": ""},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
