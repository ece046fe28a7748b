"""nginx/ as it is shipped: checks, gixy, and nginx's own look at it, with and without TLS."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from api.main import create_app
from stenopool.settings import load_settings
from tests.deploy.breakages import ROOT, Check, as_shipped
from tests.deploy.nginx.checks import CHECKS
from tests.deploy.nginx.routes import PAGE, UNDOCUMENTED, routes


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_front_door_is_in_order(check: Check) -> None:
    assert as_shipped(check) == ()


def test_the_documents_name_every_route_of_the_api() -> None:
    app = create_app(load_settings({}))
    served = {path for route in app.routes if (path := getattr(route, "path", None))}
    named = {route.path for route in routes(ROOT)} | set(UNDOCUMENTED) | set(PAGE) | {"/docs/assets", "/assets"}

    assert {path.replace(":path}", "}") for path in served} - named == set()


@pytest.mark.parametrize("door", ["server_http.conf", "server_https.conf"])
def test_gixy_has_nothing_to_say(tmp_path: Path, door: str) -> None:
    shutil.copytree(ROOT / "nginx", tmp_path / "nginx")
    front_door = tmp_path / "nginx/conf.d/front-door.conf"
    front_door.write_text(front_door.read_text().replace("server_http.conf;\n", f"{door};\n", 1))
    gixy = Path(sys.executable).with_name("gixy")

    done = subprocess.run(
        [gixy, str(tmp_path / "nginx/nginx.conf")], capture_output=True, text=True, check=False, timeout=60
    )

    assert (done.returncode, "No issues found." in done.stdout) == (0, True), done.stdout
