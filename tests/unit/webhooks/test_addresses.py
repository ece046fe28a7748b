"""Only what belongs to the Internet, and to one host there, is public."""

import ipaddress

import pytest

from stenopool.webhooks.addresses import NO_OPENINGS, Openings, is_public

PRIVATE = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.127.255.254",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "fe80::1",
    "fec0::1",
    "fc00::1",
    "fd12:3456::1",
    "ff02::1",
    "2001:db8::1",
    "2001::1",
    "2002:7f00:1::",
    "2002:808:808::1",
]
PUBLIC = ["8.8.8.8", "1.1.1.1", "100.63.0.1", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("text", PRIVATE)
def test_threat_10_what_is_ours_or_nobodys_is_not_reached(text: str) -> None:
    assert not is_public(ipaddress.ip_address(text))
    assert not NO_OPENINGS.admits(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_what_is_public_is_reached(text: str) -> None:
    assert NO_OPENINGS.admits(ipaddress.ip_address(text))


def test_an_opened_network_is_reached_and_its_neighbours_are_not() -> None:
    openings = Openings.of(["10.1.2.0/24", "fd00:1::/64"], [])
    admitted = {
        text: openings.admits(ipaddress.ip_address(text))
        for text in ("10.1.2.9", "::ffff:10.1.2.9", "10.1.3.9", "fd00:1::7", "fd00:2::7")
    }
    assert admitted == {
        "10.1.2.9": True,
        "::ffff:10.1.2.9": True,
        "10.1.3.9": False,
        "fd00:1::7": True,
        "fd00:2::7": False,
    }


def test_a_host_is_opened_by_its_name_in_any_case() -> None:
    openings = Openings.of([], ["Hooks.Internal"])
    assert openings.names("hooks.internal")
    assert not openings.names("evil.hooks.internal")


def test_what_is_no_network_is_refused() -> None:
    with pytest.raises(ValueError, match="10"):
        Openings.of(["10.0.0.1/8"], [])
