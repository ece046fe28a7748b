"""Both twins of the client, driven alike."""

import asyncio
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from stenopool_client import Retries
from stenopool_client.testing import MockServer

Ask = Callable[..., Any]


@pytest.fixture
def server() -> MockServer:
    return MockServer()


class Twin:
    """Calls a method of one of the clients; what it gives one by one comes as a list."""

    def __init__(self, server: MockServer, kind: str) -> None:
        self.server = server
        self.kind = kind
        self.retries = Retries(base_s=0, cap_s=0)

    def __call__(self, name: str, *args: Any, **kwargs: Any) -> Any:
        if self.kind == "async":
            return asyncio.run(self._later(name, *args, **kwargs))
        with self.server.client(self.retries) as client:
            outcome = getattr(client, name)(*args, **kwargs)
            return list(outcome) if isinstance(outcome, Iterator) else outcome

    async def _later(self, name: str, *args: Any, **kwargs: Any) -> Any:
        async with self.server.async_client(self.retries) as client:
            outcome = getattr(client, name)(*args, **kwargs)
            return await outcome if inspect.isawaitable(outcome) else [one async for one in outcome]


@pytest.fixture(params=["sync", "async"])
def ask(request: pytest.FixtureRequest, server: MockServer) -> Twin:
    """``ask("submit", b"…")`` calls that method, of either twin."""
    return Twin(server, request.param)
