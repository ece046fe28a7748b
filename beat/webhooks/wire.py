"""Puts one request on the wire and says what came of it, with every guard that a URL from outside needs.

The name is looked up once, every address it leads to must be allowed, and the connection goes to one of these very
addresses: a name that leads elsewhere a moment later gains nothing. Host header and certificate check keep the name.
No redirect is followed, no proxy and no cookie exist, the answer's body is not kept.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Final

import certifi
import httpcore

from stenopool.clock import utc_now
from stenopool.webhooks.addresses import Address, Openings
from stenopool.webhooks.receivers import Receiver
from stenopool.webhooks.schedule import Reply, reason_of, retry_after_s

TOTAL_S: Final = 15.0
"""From the look-up to the answer's last header: as much as Standard Webhooks asks senders to grant."""

CONNECT_S: Final = 5.0

_BODY_BYTES: Final = 16 * 1024
"""Read of an answer's body, out of politeness: some receivers log it as a fault when nobody does."""
_BODY_S: Final = 1.0

Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]
"""Looks a name up. Raises ``OSError`` when it leads nowhere."""


class AddressRefusedError(Exception):
    """The receiver's name leads to an address that webhooks may not reach."""


class NameUnknownError(Exception):
    """The receiver's name leads nowhere."""


class Wire:
    """Sends webhooks, any number at once. Made and closed on one event loop."""

    def __init__(self, openings: Openings, most_at_once: int, resolve: "Resolve | None" = None) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=_ssl_context(),
            max_connections=most_at_once,
            # A kept connection would spare little, and outlive what its address was allowed for.
            max_keepalive_connections=0,
            network_backend=GuardedBackend(openings, resolve or look_up),
        )

    async def post(self, receiver: Receiver, headers: Mapping[str, str], body: bytes) -> Reply:
        """Sends it. Takes 16 s at most; never raises for what the receiver or the network does."""
        try:
            async with asyncio.timeout(TOTAL_S):
                return await self._exchange(receiver, headers, body)
        except (TimeoutError, httpcore.TimeoutException):
            return Reply(None, "timeout")
        except AddressRefusedError:
            return Reply(None, "address_not_allowed")
        except NameUnknownError:
            return Reply(None, "name_unknown")
        except httpcore.ConnectError as error:
            return Reply(None, "tls_failed" if _is_about_tls(error) else "connect_failed")
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError):
            return Reply(None, "connection_broken")

    async def close(self) -> None:
        """Closes what is open."""
        await self._pool.aclose()

    async def _exchange(self, receiver: Receiver, headers: Mapping[str, str], body: bytes) -> Reply:
        url = httpcore.URL(
            scheme=receiver.scheme, host=receiver.host, port=receiver.port, target=receiver.target or "/"
        )
        all_headers = {"Host": receiver.authority, "Connection": "close", **headers}
        async with self._pool.stream(
            "POST",
            url,
            headers=[(name.encode("ascii"), text.encode("ascii")) for name, text in all_headers.items()],
            content=body,
            extensions={"timeout": {"connect": CONNECT_S, "read": TOTAL_S, "write": TOTAL_S, "pool": TOTAL_S}},
        ) as response:
            with suppress(TimeoutError, httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError):
                await _read_some(response)
            return Reply(response.status, reason_of(response.status), _retry_after(response.headers))


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects to allowed addresses only. The name that it is given stays in the request and in the TLS handshake."""

    def __init__(self, openings: Openings, resolve: Resolve, inner: httpcore.AsyncNetworkBackend | None = None) -> None:
        """``inner`` makes the connections; None is the library's own."""
        self._openings = openings
        self._resolve = resolve
        self._inner = inner or httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's own signature.
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connects to the first of the host's addresses that answers.

        Raises:
            AddressRefusedError: one of them is not allowed.
            NameUnknownError: there are none.
        """
        trouble: Exception = NameUnknownError()
        for address in await self._addresses(host, port):
            try:
                return await self._inner.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                trouble = error
        raise trouble

    async def sleep(self, seconds: float) -> None:
        """Part of the library's protocol."""
        await self._inner.sleep(seconds)

    async def _addresses(self, host: str, port: int) -> Sequence[Address]:
        try:
            addresses = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise NameUnknownError from error
        if not self._openings.names(host) and not all(map(self._openings.admits, addresses)):
            raise AddressRefusedError
        return addresses


async def look_up(host: str, port: int) -> Sequence[Address]:
    """Asks the system's resolver, in a thread. Raises ``OSError`` when the name leads nowhere."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    # A scope (fe80::1%eth0) is cut off; such an address is not public either way.
    texts = dict.fromkeys(str(place[0]).partition("%")[0] for *_, place in found)
    return tuple(ipaddress.ip_address(text) for text in texts)


async def _read_some(response: httpcore.Response) -> None:
    size = 0
    async with asyncio.timeout(_BODY_S):
        async for piece in response.aiter_stream():
            size += len(piece)
            if size >= _BODY_BYTES:
                return


def _retry_after(headers: Sequence[tuple[bytes, bytes]]) -> float | None:
    for name, value in headers:
        if name.lower() == b"retry-after":
            return retry_after_s(value.decode("latin-1"), utc_now())
    return None


def _ssl_context() -> ssl.SSLContext:
    # The system's authorities, so that an operator can add one; and those of certifi, for images without any.
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _is_about_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
