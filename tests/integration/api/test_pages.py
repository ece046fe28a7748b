"""The page for people: all that it needs comes from here, and its policy lets nothing else in."""

import base64
import hashlib
import re

import httpx

from tests.integration.api.server import ApiServer


def policy_of(answer: httpx.Response) -> dict[str, list[str]]:
    parts = (part.split() for part in answer.headers["content-security-policy"].split(";"))
    return {name: sources for name, *sources in parts}


def test_the_page_asks_nobody_else(http: httpx.Client) -> None:
    page = http.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert sorted(loaded) == ["data:,", "docs/assets/swagger-ui-bundle.js", "docs/assets/swagger-ui.css"]
    assert "//" not in page.text.replace("</", "")
    policy = policy_of(page)
    assert policy["default-src"] == ["'none'"]
    assert {source for sources in policy.values() for source in sources if "." in source or "*" in source} == set()


def test_what_it_loads_is_there_and_is_what_it_says(http: httpx.Client) -> None:
    script = http.get("/docs/assets/swagger-ui-bundle.js")
    assert script.status_code == 200
    assert "javascript" in script.headers["content-type"]
    # The first that knows OpenAPI 3.1, in which our document is written, is 5.0.
    assert re.search(r'PACKAGE_VERSION:"(5|[6-9])\.', script.text)
    assert http.get("/docs/assets/swagger-ui.css").headers["content-type"].startswith("text/css")
    again = http.get("/docs/assets/swagger-ui-bundle.js", headers={"If-None-Match": script.headers["etag"]})
    assert again.status_code == 304
    assert http.get("/docs/assets/nothing.js").json()["code"] == "not_found"
    assert http.get("/openapi.json").status_code == 200


def test_its_own_line_of_script_is_the_one_the_policy_names(http: httpx.Client, api: ApiServer) -> None:
    page = http.get("/docs")
    [line] = re.findall(r"<script>(.+?)</script>", page.text)
    digest = base64.b64encode(hashlib.sha256(line.encode()).digest()).decode()
    assert policy_of(page)["script-src"] == ["'self'", f"'sha256-{digest}'"]
    assert 'url:"openapi.json"' in line
    # Else each look at the page would show the document to a validator in the Internet.
    assert "validatorUrl:null" in line


def test_no_path_leads_out_of_the_pages_folder(http: httpx.Client) -> None:
    for path in ("/docs/assets/../main.py", "/docs/assets/%2e%2e/main.py", "/docs/assets/..%2fmain.py"):
        assert http.get(path).status_code == 404
