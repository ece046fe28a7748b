"""The page for people who read the API: Swagger UI out of a Python package, so that a look at it asks nobody else.

FastAPI's own page loads its script from a content delivery network: a third party would learn who looks when, could
change the script, and without the Internet there would be no page.
"""

import base64
import hashlib
from typing import Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

router = APIRouter()

ASSETS_PATH: Final = "/docs/assets"

# The page stands at /docs: relative addresses lead to what lies beside it, also behind a proxy that adds a prefix. No
# validator: by default each look at the page would send the document to one in the Internet. Keys typed in are not kept.
_START: Final = (
    'SwaggerUIBundle({url:"openapi.json",dom_id:"#page",deepLinking:true,validatorUrl:null,persistAuthorization:false})'
)
_PAGE: Final = f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Stenopool API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/assets/swagger-ui.css">
</head>
<body>
<div id="page"></div>
<script src="docs/assets/swagger-ui-bundle.js"></script>
<script>{_START}</script>
</body>
</html>
"""
_START_HASH: Final = base64.b64encode(hashlib.sha256(_START.encode()).digest()).decode("ascii")
_POLICY: Final = (
    f"default-src 'none'; script-src 'self' 'sha256-{_START_HASH}'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def assets() -> StaticFiles:
    """Script and styles of the page, to be mounted at ``ASSETS_PATH``."""
    return StaticFiles(packages=[("fastapi_swagger", "resources")])


@router.get("/docs", include_in_schema=False)
async def docs() -> HTMLResponse:
    """All routes, to be read and tried."""
    return HTMLResponse(_PAGE, headers={"Content-Security-Policy": _POLICY})
