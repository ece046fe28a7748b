"""What goes on the wire, and what never does: threat 10, requests forged through a client's URL."""

import asyncio
import ipaddress
import itertools
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from beat.webhooks import wire as wire_module
from beat.webhooks.wire import AddressRefusedError, GuardedBackend, Resolve, Wire, look_up
from stenopool.clock import utc_now
from stenopool.webhooks.addresses import NO_OPENINGS, Address, Openings
from stenopool.webhooks.receivers import Receiver as Target
from stenopool.webhooks.receivers import read_receiver
from stenopool.webhooks.schedule import Reply
from tests.integration.beat.receivers import Receiver, Said, receiver

LOOPBACK = Openings.of(["127.0.0.0/8"], [])


@pytest.fixture
def canary() -> Iterator[Receiver]:
    """Listens where nobody may come."""
    with receiver() as listening:
        yield listening


def post(to: Target, openings: Openings = NO_OPENINGS, resolve: Resolve | None = None) -> Reply:
    async def send() -> Reply:
        wire = Wire(openings, 4, resolve or look_up)
        try:
            return await wire.post(to, {"Content-Type": "application/json"}, b"{}")
        finally:
            await wire.close()

    return asyncio.run(send())


def at(host: str, port: int, target: str = "/hook") -> Target:
    """A receiver as it would be, had its URL slipped through every check before."""
    return Target("http", host, port, target)


def leads_to(*turns: Sequence[str]) -> Resolve:
    """A resolver that answers another way each time."""
    answers = itertools.chain(turns, itertools.repeat(turns[-1]))

    async def resolve(_host: str, _port: int) -> Sequence[Address]:
        return [ipaddress.ip_address(text) for text in next(answers)]

    return resolve


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "017700000001",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "0.0.0.0",
        "0",
        "::1",
        "::",
        "::ffff:127.0.0.1",
        "::ffff:7f00:1",
        "localhost",
        "169.254.169.254",
        "100.64.0.1",
        "10.0.0.1",
        "fe80::1",
        "255.255.255.255",
    ],
)
def test_threat_10_no_way_of_writing_a_private_address_reaches_it(canary: Receiver, host: str) -> None:
    reply = post(at(host, canary.port))
    # What the resolver takes for no address at all is as good.
    assert reply in (Reply(None, "address_not_allowed"), Reply(None, "name_unknown"))
    assert canary.heard == []


class Recorder(httpcore.AsyncNetworkBackend):
    """Writes down where a connection would go, and makes none."""

    def __init__(self) -> None:
        self.hosts: list[str] = []

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's own signature.
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.hosts.append(host)
        raise httpcore.ConnectError


def test_threat_10_a_name_that_changes_its_mind_gains_nothing() -> None:
    """It is asked once, and the connection goes to what was checked: never to what a second question would say."""
    recorder = Recorder()
    backend = GuardedBackend(NO_OPENINGS, leads_to(["8.8.8.8"], ["127.0.0.1"], ["1.1.1.1"], ["127.0.0.1"]), recorder)

    async def connect() -> type[Exception] | None:
        try:
            await backend.connect_tcp("rebind.example", 80)
        except (AddressRefusedError, httpcore.ConnectError) as error:
            return type(error)
        return None

    outcomes = [asyncio.run(connect()) for _ in range(4)]
    assert outcomes == [httpcore.ConnectError, AddressRefusedError] * 2
    assert recorder.hosts == ["8.8.8.8", "1.1.1.1"]


def test_threat_10_one_private_address_among_public_ones_is_enough(canary: Receiver) -> None:
    assert post(at("mixed.example", canary.port), resolve=leads_to(["8.8.8.8", "127.0.0.1"])) == Reply(
        None, "address_not_allowed"
    )
    assert canary.heard == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_threat_10_no_redirect_is_followed(canary: Receiver, status: int) -> None:
    with receiver(Said(status, {"Location": canary.url})) as open_one:
        reply = post(read_receiver(open_one.url), LOOPBACK)
    assert reply == Reply(status, "redirected")
    assert len(open_one.heard) == 1
    assert canary.heard == []


def test_an_opened_name_is_reached_by_its_address_and_called_by_its_name(canary: Receiver) -> None:
    openings = Openings.of([], ["hooks.internal"])
    assert post(at("hooks.internal", canary.port, "/a?b=c"), openings, leads_to(["127.0.0.1"])) == Reply(204)
    [heard] = canary.heard
    assert heard.path == "/a?b=c"
    assert heard.headers["host"] == f"hooks.internal:{canary.port}"


def test_an_address_that_does_not_answer_is_followed_by_the_next(canary: Receiver) -> None:
    # Nobody listens on 127.0.0.2.
    assert post(at("two.internal", canary.port), LOOPBACK, leads_to(["127.0.0.2", "127.0.0.1"])) == Reply(204)


def test_proxies_of_the_environment_are_not_asked(canary: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert post(read_receiver(canary.url), LOOPBACK) == Reply(204)


def test_a_port_that_nobody_listens_on(free_port: Callable[[], int]) -> None:
    assert post(at("127.0.0.1", free_port()), LOOPBACK) == Reply(None, "connect_failed")


def test_a_name_that_leads_nowhere() -> None:
    async def resolve(_host: str, _port: int) -> Sequence[Address]:
        raise OSError("no such name")

    assert post(at("nowhere.example", 80), resolve=resolve) == Reply(None, "name_unknown")


def test_a_retry_after_is_heard() -> None:
    with receiver(Said(429, {"Retry-After": "120"})) as busy:
        assert post(read_receiver(busy.url), LOOPBACK) == Reply(429, "bad_status", 120.0)


def test_an_answer_that_never_ends_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire_module, "TOTAL_S", 0.3)
    gate = threading.Event()
    with receiver(Said(before=lambda: gate.wait(20))) as hung:
        began = time.monotonic()
        assert post(read_receiver(hung.url), LOOPBACK) == Reply(None, "timeout")
        assert time.monotonic() - began < 5
        gate.set()


def test_a_body_without_end_does_not_undo_its_status() -> None:
    with receiver(Said(200, body=b"x" * 50_000_000)) as talkative:
        began = time.monotonic()
        assert post(read_receiver(talkative.url), LOOPBACK) == Reply(200)
        assert time.monotonic() - began < 5


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    with receiver(tls=_own_certificate(tmp_path)) as self_signed:
        reply = post(Target("https", "127.0.0.1", self_signed.port, "/"), LOOPBACK)
    assert reply == Reply(None, "tls_failed")
    assert self_signed.heard == []


def test_the_certificate_is_checked_against_the_name_and_not_the_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = _own_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    names = Openings.of([], ["hooks.internal", "other.internal"])
    with receiver(tls=served) as known:
        right = post(Target("https", "hooks.internal", known.port, "/"), names, leads_to(["127.0.0.1"]))
        wrong = post(Target("https", "other.internal", known.port, "/"), names, leads_to(["127.0.0.1"]))
    assert (right, wrong) == (Reply(204), Reply(None, "tls_failed"))


def _own_certificate(folder: Path) -> ssl.SSLContext:
    """A certificate of hooks.internal that vouches for itself, in ``cert.pem``."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hooks.internal")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(utc_now() - timedelta(days=1))
        .not_valid_after(utc_now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hooks.internal")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, *plain))
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context
