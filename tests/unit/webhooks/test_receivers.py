"""A webhook's URL is taken apart once, and refused where it could mean two things."""

import pytest

from stenopool.errors import ErrorCode, UsageError
from stenopool.webhooks.addresses import NO_OPENINGS, Openings
from stenopool.webhooks.receivers import Receiver, read_receiver, require_receiver

OPENED = Openings.of(["10.1.2.0/24", "127.0.0.0/8"], ["hooks.internal"])


@pytest.mark.parametrize(
    ("url", "receiver"),
    [
        ("https://App.Example/hook", Receiver("https", "app.example", 443, "/hook")),
        ("https://app.example", Receiver("https", "app.example", 443, "/")),
        ("https://app.example?x=1&y=%20", Receiver("https", "app.example", 443, "/?x=1&y=%20")),
        ("http://hooks.internal:8080/a/b?c", Receiver("http", "hooks.internal", 8080, "/a/b?c")),
        ("https://[2606:4700:0::1111]:8443/", Receiver("https", "2606:4700::1111", 8443, "/")),
        ("https://8.8.8.8/", Receiver("https", "8.8.8.8", 443, "/")),
        ("https://xn--bcher-kva.example/", Receiver("https", "xn--bcher-kva.example", 443, "/")),
    ],
)
def test_a_url_is_read(url: str, receiver: Receiver) -> None:
    assert read_receiver(url) == receiver


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("https://app.example:443/", "app.example"),
        ("https://app.example:80/", "app.example:80"),
        ("http://[2606:4700::1]:8080/", "[2606:4700::1]:8080"),
    ],
)
def test_the_host_header_names_an_unusual_port(url: str, authority: str) -> None:
    assert read_receiver(url).authority == authority


@pytest.mark.parametrize(
    "url",
    [
        "",
        "app.example/hook",
        "ftp://app.example/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_INFO",
        "https://",
        "https:///hook",
        "https://user@app.example/",
        "https://user:secret@app.example/",
        "https://app.example\\@127.0.0.1/",
        "https://app.example/#part",
        "https://app.example:0/",
        "https://app.example:65536/",
        "https://app.example:x/",
        "https://app.example/a b",
        "https://app.example/\r\nHost: other",
        "https://app.example/\ttab",
        "https://bücher.example/",
        "https://①②⑦.0.0.1/",
        "https://-app.example/",
        "https://app..example/",
        "https://[::1%25eth0]/",
        "https://[::1/",
        "https://app.example/" + "x" * 2000,
        # These are names to a parser and 127.0.0.1 to a resolver.
        "https://2130706433/",
        "https://017700000001/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://127.1/",
        "https://0177.0.0.1/",
        "https://127.0.0.1./",
        "https://1.2.3.4.5/",
    ],
)
def test_what_is_no_plain_url_is_refused_with_its_reason(url: str) -> None:
    with pytest.raises(UsageError) as refusal:
        require_receiver(url, OPENED)
    assert refusal.value.code is ErrorCode.INVALID_OPTION
    assert refusal.value.message.startswith("webhook_url: ")


@pytest.mark.parametrize(
    "url",
    [
        "http://app.example/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://0.0.0.0/",
        "https://169.254.169.254/latest/meta-data",
        "https://100.64.0.1/",
        "https://10.1.2.3/",
        "http://8.8.8.8/",
    ],
)
def test_threat_10_without_openings_only_https_to_public_addresses_is_taken(url: str) -> None:
    with pytest.raises(UsageError):
        require_receiver(url, NO_OPENINGS)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.internal/",
        "http://10.1.2.3:8080/",
        "https://10.1.2.3/",
        "https://app.example/",
        "http://127.0.0.1/",
    ],
)
def test_an_opened_receiver_is_taken_also_by_http(url: str) -> None:
    assert require_receiver(url, OPENED) == url


def test_an_opened_network_opens_no_name_to_http() -> None:
    # Where a name leads is not known before it is told.
    with pytest.raises(UsageError):
        require_receiver("http://other.internal/", OPENED)
