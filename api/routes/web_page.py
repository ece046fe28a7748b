"""The page for people, at the root: the built one of web/, or a plain form where no Node was there to build it.

Both ask for a key themselves and send it as a header of each call: these files are everybody's.
"""

import secrets
from pathlib import Path
from typing import Final

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

ASSETS_PATH: Final = "/assets"

BUILT: Final = Path(__file__).parents[2] / "web" / "dist"
"""Where `make web` puts the page; in the image it is built in a stage of its own."""

_PLAIN: Final = Path(__file__).parents[1] / "plain_page"
_NONCE_MARK: Final = "__CSP_NONCE__"
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_FOR_EVER: Final = "public, max-age=31536000, immutable"


def add_web_page(app: FastAPI, built: Path = BUILT) -> None:
    """Serves the page; which of the two is decided when the application is made."""
    is_built = (built / "index.html").is_file()
    folder = built if is_built else _PLAIN
    page = (folder / "index.html").read_text("utf-8")
    router = APIRouter()

    async def show(_: Request) -> HTMLResponse:
        """The page, with a nonce of its own for the styles that its waveform makes."""
        nonce = secrets.token_urlsafe(16)
        headers = {"Content-Security-Policy": _POLICY.format(nonce=nonce), "Cache-Control": "no-store"}
        return HTMLResponse(page.replace(_NONCE_MARK, nonce), headers=headers)

    async def icon(_: Request) -> Response:
        """Browsers ask for it on their own where no page names one."""
        return RedirectResponse(f"{ASSETS_PATH[1:]}/{_icon_of(folder)}")

    router.add_api_route("/", show, methods=["GET", "HEAD"], include_in_schema=False)
    router.add_api_route("/favicon.ico", icon, methods=["GET", "HEAD"], include_in_schema=False)
    app.include_router(router)
    app.mount(ASSETS_PATH, _Assets(folder / "assets", may_stay=is_built), name="assets")


class _Assets(StaticFiles):
    """Scripts, styles and pictures. Built ones are named by their content and never change."""

    def __init__(self, directory: Path, *, may_stay: bool) -> None:
        super().__init__(directory=directory)
        self._headers = {"Cache-Control": _FOR_EVER if may_stay else "no-cache"}

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file; what is none is raised as a 404."""
        response = await super().get_response(path, scope)
        if response.status_code < 400:
            response.headers.update(self._headers)
        return response


def _icon_of(folder: Path) -> str:
    return next(file.name for file in sorted((folder / "assets").glob("icon*.svg")))
