"""A front door for a module's tests: nginx, the DNS it asks, and stand-ins for the API."""

import itertools
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import httpx
import pytest

from stenopool.local.ports import free_port
from tests.deploy.nginx.little_dns import LittleDns
from tests.deploy.nginx.running_nginx import CLIENT, Nginx, Ports
from tests.deploy.nginx.stub_api import StubApi
from tests.requirements_table import need


@dataclass(frozen=True, slots=True)
class FrontDoor:
    """What the tests of a module share."""

    nginx: Nginx
    dns: LittleDns
    ports: Ports

    def client(self, address: str, host: str = "api.test") -> httpx.Client:
        """A client at ``address`` that asks for ``host``; a new connection for each request, as polls come."""
        return httpx.Client(
            base_url=self.nginx.address,
            trust_env=False,
            timeout=30,
            headers={CLIENT: address, "Host": host, "Connection": "close"},
        )


@pytest.fixture(scope="module")
def front_door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FrontDoor]:
    """nginx, in front of whatever the module starts."""
    need("nginx")
    with LittleDns() as dns:
        ports = Ports(dns=dns.port, api=free_port(), stub=free_port())
        with Nginx(tmp_path_factory.mktemp("nginx") / "place", ports) as nginx:
            yield FrontDoor(nginx, dns, ports)


@pytest.fixture
def address() -> str:
    """An address that nobody had before: limits remember."""
    return next(_ADDRESSES)


@pytest.fixture
def stubs(front_door: FrontDoor) -> Iterator[Callable[..., tuple[str, list[StubApi]]]]:
    """``stubs(True, False)`` starts stand-ins and gives their name; the flags tell of each whether it dies when asked."""
    with ExitStack() as running:

        def start(*dies: bool, name: str = "") -> tuple[str, list[StubApi]]:
            hosts = [f"127.0.1.{next(_HOSTS)}" for _ in dies]
            made = [
                running.enter_context(StubApi(host, front_door.ports.stub, dies=mortal))
                for host, mortal in zip(hosts, dies, strict=True)
            ]
            # nginx believes for a second what a name was told: each test has its own.
            name = name or f"s{hosts[0].rpartition('.')[2]}.stub"
            front_door.dns.names[name] = hosts
            return name, made

        yield start


_HOSTS = itertools.count(10)
_ADDRESSES = (f"203.0.113.{number}" for number in random.Random(0).sample(range(1, 255), 250))
