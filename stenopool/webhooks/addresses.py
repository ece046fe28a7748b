"""Which addresses a webhook may reach: public ones, and those that the operator opened by name or network. Pure.

A receiver is named by a client, who may be an enemy: what answers on this machine or in its networks must not be
reachable through us (server-side request forgery).
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_GLOBAL_V6: Final = ipaddress.IPv6Network("2000::/3")
"""All that is handed out for use in the Internet (IANA, IPv6 address space); everything else is special."""
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
"""Networks without IPv4 reach an IPv4 address under this prefix (RFC 6052)."""


@dataclass(frozen=True, slots=True)
class Openings:
    """Private receivers that the operator opened; none by default."""

    networks: tuple[Network, ...] = ()
    hosts: frozenset[str] = frozenset()
    """Names and addresses in lower case, as they stand in a URL, without brackets."""

    @classmethod
    def of(cls, networks: Iterable[str], hosts: Iterable[str]) -> "Openings":
        """From the words of the settings.

        Raises:
            ValueError: one is no network.
        """
        return cls(
            tuple(ipaddress.ip_network(network) for network in networks), frozenset(host.lower() for host in hosts)
        )

    def names(self, host: str) -> bool:
        """Whether the operator opened this host by its name, wherever it leads."""
        return host in self.hosts

    def contains(self, address: Address) -> bool:
        """Whether the address lies in an opened network."""
        found = embedded(address)
        return any(found.version == network.version and found in network for network in self.networks)

    def admits(self, address: Address) -> bool:
        """Whether a webhook may connect to the address."""
        return is_public(address) or self.contains(address)


NO_OPENINGS: Final = Openings()
"""The rule where the operator said nothing: public addresses only."""


def is_public(address: Address) -> bool:
    """Whether the address belongs to the Internet and to one host there: none of ours, nobody's in particular."""
    found = embedded(address)
    if isinstance(found, ipaddress.IPv6Address) and (found not in _GLOBAL_V6 or found.sixtofour is not None):
        return False
    # Python counts groups (multicast) as global.
    return found.is_global and not found.is_multicast


def embedded(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, else the address itself."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address
