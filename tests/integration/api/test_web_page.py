"""The page at the root: the built one, or the plain form; with a strict policy and nothing from elsewhere."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.answer_headers import AnswerHeaders
from api.problems import add_problem_handlers
from api.routes.web_page import add_web_page

BUILT_PAGE = (
    '<meta name="csp-nonce" content="__CSP_NONCE__"><link rel="icon" href="./assets/icon-1.svg">'
    '<script type="module" src="./assets/index-1a.js"></script>'
)


def served(folder: Path) -> TestClient:
    app = FastAPI(docs_url=None, redoc_url=None)
    add_problem_handlers(app)
    app.add_middleware(AnswerHeaders)
    add_web_page(app, folder)
    return TestClient(app, follow_redirects=False)


@pytest.fixture
def built(tmp_path: Path) -> Iterator[TestClient]:
    assets = tmp_path / "dist" / "assets"
    assets.mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("nobody's")
    (tmp_path / "dist" / "index.html").write_text(BUILT_PAGE)
    (assets / "index-1a.js").write_text("export {}")
    (assets / "index-1a.css").write_text("p {}")
    (assets / "icon-1.svg").write_text("<svg/>")
    with served(tmp_path / "dist") as client:
        yield client


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[TestClient]:
    with served(tmp_path / "nothing was built") as client:
        yield client


def policy_of(client: TestClient) -> dict[str, list[str]]:
    parts = (part.split() for part in client.get("/").headers["content-security-policy"].split(";"))
    return {name: sources for name, *sources in parts}


def test_each_look_has_a_nonce_of_its_own_in_page_and_policy(built: TestClient) -> None:
    nonces = set()
    for _ in range(2):
        page = built.get("/")
        [nonce] = re.findall(r'csp-nonce" content="([^"]+)"', page.text)
        assert f"'nonce-{nonce}'" in page.headers["content-security-policy"]
        assert page.headers["cache-control"] == "no-store"
        nonces.add(nonce)
    assert len(nonces) == 2


@pytest.mark.parametrize("page", ["built", "plain"])
def test_threat_26_the_page_s_policy_lets_nothing_in_from_elsewhere(page: str, request: pytest.FixtureRequest) -> None:
    policy = policy_of(request.getfixturevalue(page))
    assert policy["default-src"] == ["'none'"]
    assert policy["script-src"] == policy["connect-src"] == ["'self'"]
    assert policy["frame-ancestors"] == ["'none'"]
    allowed = {source for sources in policy.values() for source in sources}
    assert not {source for source in allowed if "." in source or "*" in source or "unsafe" in source}


def test_built_files_are_kept_for_ever_and_have_their_types(built: TestClient) -> None:
    for name, kind in (
        ("index-1a.js", "text/javascript"),
        ("index-1a.css", "text/css"),
        ("icon-1.svg", "image/svg+xml"),
    ):
        answer = built.get(f"/assets/{name}")
        assert answer.headers["content-type"].startswith(kind)
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert built.head(f"/assets/{name}").status_code == 200


@pytest.mark.parametrize(
    "path", ["/assets/nothing.js", "/assets/../index.html", "/assets/%2e%2e/%2e%2e/secret.txt", "/assets/"]
)
def test_what_is_no_file_of_the_page_is_a_problem(built: TestClient, path: str) -> None:
    answer = built.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert "immutable" not in answer.headers["cache-control"]


def test_a_browser_that_asks_for_an_icon_gets_the_pages(built: TestClient, plain: TestClient) -> None:
    for client in (built, plain):
        answer = client.get("/favicon.ico")
        assert client.get(f"/{answer.headers['location']}").headers["content-type"] == "image/svg+xml"


def test_where_nothing_was_built_there_is_a_form_that_needs_nothing_else(plain: TestClient) -> None:
    page = plain.get("/")
    assert '<form id="form" action="transcribe" method="post" enctype="multipart/form-data">' in page.text
    assert "make web" in page.text
    loaded = [name for name in re.findall(r'(?:src|href)="([^"]+)"', page.text) if name != "docs"]
    assert len(loaded) == 4
    for name in loaded:
        assert plain.get(f"/{name}").headers["cache-control"] == "no-cache"
    # The policy would refuse them.
    assert not re.search(r"<script>|<style>|\son\w+=|\sstyle=", page.text)


def test_the_page_takes_a_head_and_nothing_else(built: TestClient) -> None:
    assert built.head("/").status_code == 200
    assert built.post("/").status_code == 405
