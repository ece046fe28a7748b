"""sdk/typescript: its types are those of the document, it compiles, and its own tests pass against a running platform."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from stenopool.local.commands import Choice
from tests.acceptance.live_stack import ROOT, SAMPLES, People, live_stack

pytestmark = [pytest.mark.needs("node"), pytest.mark.timeout(300)]

PACKAGE: Final = ROOT / "sdk" / "typescript"
PAGES: Final = ("sdk/typescript/README.md", "docs/how-to/use-typescript.md", "docs/tutorial/quickstarts.md")
LIMIT_S: Final = 200


def ran(command: list[str], folder: Path, text: str = "", **variables: str) -> "subprocess.CompletedProcess[str]":
    """The command, which has to succeed."""
    done = subprocess.run(
        command,
        input=text,
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1", **variables},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def manifest() -> dict[str, Any]:
    body = json.loads((PACKAGE / "package.json").read_text("utf-8"))
    assert isinstance(body, dict)
    return body


@pytest.fixture(scope="module")
def tools() -> Path:
    """The folder of the package's tools, installed as its lock has them unless they are there already."""
    ran([str(ROOT / "scripts" / "npm_ci.sh"), "sdk/typescript"], ROOT)
    return PACKAGE / "node_modules" / ".bin"


@pytest.fixture(scope="module")
def compiled(tools: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Package, tests and examples, checked and compiled at once: the compiler takes longest to read its own libraries."""
    folder = tmp_path_factory.mktemp("compiled")
    ran([str(tools / "tsc"), "--noEmit", "false", "--declaration", "--outDir", str(folder)], PACKAGE)
    return folder


@pytest.fixture(scope="module")
def app(compiled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of somebody who has installed the package, with a recording."""
    folder = tmp_path_factory.mktemp("app")
    package = folder / "node_modules" / "@stenopool" / "client"
    shutil.copytree(compiled / "src", package / "dist")
    shutil.copy(PACKAGE / "package.json", package)
    shutil.copy(compiled / "examples" / "transcribe.js", folder / "transcribe.mjs")
    shutil.copy(SAMPLES / "demo.mp3", folder / "talk.mp3")
    return folder


@pytest.fixture(scope="module")
def people(redis_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ALLOW_FAKE_ENGINE", "true")
        with live_stack(redis_binary, tmp_path_factory.mktemp("data"), Choice("fake", "fake")) as people:
            yield people


def test_it_needs_nothing_at_run_time_and_its_lock_names_no_address() -> None:
    assert "dependencies" not in manifest()
    lock = json.loads((PACKAGE / "package-lock.json").read_text("utf-8"))
    assert [name for name, package in lock["packages"].items() if "resolved" in package] == []


def test_the_types_are_those_of_the_document(tools: Path, tmp_path: Path) -> None:
    made = tmp_path / "openapi.ts"
    ran([str(tools / "openapi-typescript"), str(ROOT / "docs" / "openapi.json"), "--output", str(made)], PACKAGE)
    assert made.read_text("utf-8") == (PACKAGE / "src" / "openapi.ts").read_text("utf-8"), "run make sdk-types"


def test_every_export_is_built_with_its_types(app: Path) -> None:
    package = app / "node_modules" / "@stenopool" / "client"
    targets = [
        path
        for entry in manifest()["exports"].values()
        for path in ([entry] if isinstance(entry, str) else entry.values())
    ]
    assert [path for path in targets if not (package / path).is_file()] == []


def test_its_own_tests_pass_against_a_running_platform(tools: Path, people: People, tmp_path: Path) -> None:
    reporters = ["--reporter=dot", "--reporter=json", f"--outputFile.json={tmp_path / 'told.json'}"]
    ran([str(tools / "vitest"), "run", *reporters], PACKAGE, STENOPOOL_URL=people.stack.place.address)
    told = json.loads((tmp_path / "told.json").read_text("utf-8"))
    assert (told["numFailedTests"], told["numPendingTests"]) == (0, 0)
    assert told["numPassedTests"] > 100


def test_an_application_that_installed_it_transcribes(app: Path, people: People) -> None:
    done = ran(["node", "transcribe.mjs", "talk.mp3"], app, STENOPOOL_URL=people.stack.place.address, STENOPOOL_KEY="")
    assert "completed" in done.stderr.split()
    assert done.stdout.split()


@pytest.mark.parametrize("page", PAGES)
def test_the_lines_of_the_page_run(page: str, app: Path, people: People) -> None:
    blocks = re.findall(r"^```ts\n(.*?)^```$", (ROOT / page).read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert blocks
    address = people.stack.place.address
    done = ran(["node", "--input-type=module", "-"], app, "".join(blocks), STENOPOOL_URL=address, STENOPOOL_KEY="none")
    assert done.stdout.split()
