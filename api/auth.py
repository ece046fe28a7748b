"""HTTP's side of the door: reads a request's credentials, client and signature, and binds who calls to the log."""

from typing import Final

from starlette.requests import Request

from api.services.access import Door, Knock
from api.services.callers import Caller
from stenopool.errors import UsageError
from stenopool.keys.model import Scope
from stenopool.keys.signing import SignedRequest
from stenopool.logs import bind_from_here, get_logger

SIGNATURE_HEADER: Final = "x-signature"
TIMESTAMP_HEADER: Final = "x-timestamp"
BODY_DIGEST_HEADER: Final = "x-content-sha256"

_SCOPE_OF_METHOD: Final = {"POST": Scope.SUBMIT, "DELETE": Scope.CANCEL}
"""What a method asks for; all the others read."""

_log = get_logger(__name__)


async def admit(request: Request, door: Door, *, believes_proxies: bool) -> Caller:
    """Who makes this request; noted on it, and on every log line about it.

    Raises:
        UsageError: as ``Door.admit``.
        TransientError: ``store_unavailable``.
    """
    address = client_address(request, believes_proxies=believes_proxies)
    try:
        caller = await door.admit(knock_of(request, address))
    except UsageError as error:
        _log.info("access_refused", code=error.code, address=address)
        raise
    request.state.caller = caller
    request.state.address = address
    bind_from_here(tenant=caller.tenant, who=caller.who)
    return caller


def scope_of(method: str) -> Scope:
    """What a method asks for."""
    return _SCOPE_OF_METHOD.get(method, Scope.READ)


def client_address(request: Request, *, believes_proxies: bool) -> str | None:
    """The client's address after trusted proxies; None where it cannot be believed.

    uvicorn puts the address out of ``X-Forwarded-For`` in place of the peer's when the peer is a trusted proxy. Unless
    told otherwise it trusts this very machine, so any local process could claim any address. Where the operator named
    no proxies, a request that carries the header is therefore nobody's in particular.
    """
    if not believes_proxies and "x-forwarded-for" in request.headers:
        return None
    return request.client.host if request.client else None


def knock_of(request: Request, address: str | None) -> Knock:
    """What the request says of who makes it."""
    headers = request.headers
    return Knock(
        credentials=_credentials(request),
        address=address,
        host=headers.get("host", ""),
        fetch_site=headers.get("sec-fetch-site", ""),
        origin=headers.get("origin", ""),
        signed=_signed(request),
        signature=headers.get(SIGNATURE_HEADER, ""),
    )


def _credentials(request: Request) -> tuple[bytes, ...]:
    """As bytes: a header may hold any, and a key beyond ASCII is a wrong key, not a fault."""
    found = []
    for name, value in request.scope["headers"]:
        if name == b"authorization":
            scheme, _, credential = value.partition(b" ")
            if scheme.lower() == b"bearer":
                found.append(credential.strip())
        elif name == b"x-api-key":
            found.append(value.strip())
    return tuple(found)


def _signed(request: Request) -> SignedRequest | None:
    headers = request.headers
    if BODY_DIGEST_HEADER not in headers or TIMESTAMP_HEADER not in headers:
        return None
    query = request.scope.get("query_string", b"")
    path = request.scope.get("raw_path") or request.scope["path"].encode()
    return SignedRequest(
        method=request.method,
        target=path + (b"?" + query if query else b""),
        timestamp=headers[TIMESTAMP_HEADER],
        body_sha256=headers[BODY_DIGEST_HEADER],
    )
