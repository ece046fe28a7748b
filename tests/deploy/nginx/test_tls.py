"""The door with TLS: the same files, one line changed as docs/how-to/tls.md says, and a certificate of the test's own."""

import socket
import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from stenopool.clock import utc_now
from stenopool.local.ports import LOOPBACK, free_port
from tests.deploy.nginx.running_nginx import Nginx, Ports

pytestmark = pytest.mark.needs("nginx")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = utc_now()
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    made = builder.sign(key, hashes.SHA256())
    (folder / "fullchain.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (folder / "privkey.pem").write_bytes(key.private_bytes(pem, form, serialization.NoEncryption()))
    return folder


@pytest.fixture(scope="module")
def nginx(certificate: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    folder = tmp_path_factory.mktemp("nginx") / "place"
    with Nginx(folder, Ports(dns=free_port(), api=free_port(), stub=free_port()), certificate) as nginx:
        yield nginx


def agreed(nginx: Nginx, certificate: Path, version: ssl.TLSVersion) -> tuple[str | None, str | None]:
    """Version and protocol that a client of exactly this version gets."""
    context = ssl.create_default_context(cafile=str(certificate / "fullchain.pem"))
    # Else this client would refuse what is old by itself.
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    context.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection((LOOPBACK, nginx.tls), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as wrapped,
    ):
        return wrapped.version(), wrapped.selected_alpn_protocol()


def test_nginx_finds_nothing_to_say_about_the_files(nginx: Nginx) -> None:
    said = nginx.test()

    assert "test is successful" in said
    # What other versions than 1.22 say about `http2` is told in docs/how-to/tls.md.
    assert [line for line in said.splitlines() if "[" in line and "http2" not in line] == []


def test_threat_32_everybody_is_led_to_https_and_told_to_stay(nginx: Nginx, certificate: Path) -> None:
    led = httpx.post(f"{nginx.address}/transcribe?language=en", headers={"Host": "api.example"}, trust_env=False)
    trust = ssl.create_default_context(cafile=str(certificate / "fullchain.pem"))
    answer = httpx.get(f"https://localhost:{nginx.tls}/metrics", verify=trust, trust_env=False)

    assert (led.status_code, led.headers["location"]) == (308, "https://api.example/transcribe?language=en")
    assert "strict-transport-security" not in led.headers
    assert answer.status_code == 404
    assert answer.headers.get_list("strict-transport-security") == ["max-age=63072000"]


def test_threat_32_only_tls_of_today_is_spoken_with_http2(nginx: Nginx, certificate: Path) -> None:
    assert agreed(nginx, certificate, ssl.TLSVersion.TLSv1_2) == ("TLSv1.2", "h2")
    assert agreed(nginx, certificate, ssl.TLSVersion.TLSv1_3) == ("TLSv1.3", "h2")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"), pytest.raises(OSError, match="ALERT_PROTOCOL_VERSION"):
        agreed(nginx, certificate, ssl.TLSVersion.TLSv1_1)


def test_http_at_the_port_of_https_is_a_problem(nginx: Nginx) -> None:
    answer = httpx.get(f"http://{LOOPBACK}:{nginx.tls}/health", trust_env=False)

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
