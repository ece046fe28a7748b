"""Checks of who reaches whom: the policies are added up, and must come to this table and nothing more."""

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tests.deploy.k8s.installation import COMPONENT, OURS, Installation, Pod, each_overlay

PROMETHEUS: Final = "monitoring/prometheus"
KEDA: Final = "keda/keda-operator"
INTERNET: Final = "the internet"

MAY_ENTER: Final = {
    "api": {("ingress-nginx/*", 8000), (PROMETHEUS, 8000)},
    "redis": {*((component, 6379) for component in OURS), (KEDA, 6379)},
    "worker": {(PROMETHEUS, 9464)},
    "prepare": {(PROMETHEUS, 9464)},
    "house": {(PROMETHEUS, 9464)},
    "beat": set[tuple[str, int]](),
    "flower": {(PROMETHEUS, 5555)},
}
"""Who may open a connection to a component, and to which port of it."""

_DNS: Final = {("kube-system/kube-dns", 53)}

MAY_LEAVE: Final = {
    **{component: {("redis", 6379)} | _DNS for component in OURS},
    "house": {("redis", 6379), (INTERNET, 0)} | _DNS,
    "redis": _DNS,
}
"""To whom a component may open a connection; port 0 is any."""

_PRIVATE: Final = (
    *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8"),
    *("fc00::/7", "fe80::/10", "::1/128"),
)
"""Networks behind the front door: RFC 1918, 6598, 3927, 4193, 4291. 169.254.169.254 tells a cloud machine's own keys."""


@each_overlay
def nobody_else_enters(found: Installation) -> Iterator[str]:
    """Connections come from whom the table names, to the ports it names."""
    yield from _compared(found, "Ingress", "from", MAY_ENTER)


@each_overlay
def nobody_else_leaves(found: Installation) -> Iterator[str]:
    """Connections go where the table says; the housekeeper alone leaves, and into no private network."""
    yield from _compared(found, "Egress", "to", MAY_LEAVE)
    for policy in found.of("NetworkPolicy"):
        for rule in policy["spec"].get("egress", ()):
            for peer in rule.get("to", ()):
                if "ipBlock" in peer:
                    yield from _private_in(peer["ipBlock"])


def _compared(
    found: Installation, direction: str, side: str, table: Mapping[str, set[tuple[str, int]]]
) -> Iterator[str]:
    for pod in found.pods():
        policies = [
            policy["spec"]
            for policy in found.of("NetworkPolicy")
            if direction in policy["spec"]["policyTypes"] and pod in found.selected(policy["spec"]["podSelector"])
        ]
        if not policies:
            yield f"{pod.component}: {direction.lower()} is not restricted at all"
        roads = {
            road
            for spec in policies
            for rule in spec.get(direction.lower(), ())
            for road in _roads(found, pod, rule, side)
        }
        for peer, port in sorted(roads ^ table[pod.component]):
            word = "may" if (peer, port) in roads else "cannot"
            yield f"{pod.component}: {word} speak {side} {peer} at {port}"


def _roads(found: Installation, pod: Pod, rule: Mapping[str, Any], side: str) -> Iterator[tuple[str, int]]:
    peers = [name for peer in rule.get(side, ()) for name in _names(found, peer)] or ["anybody"]
    for peer in peers:
        # A named port is one of whoever is connected to.
        ports = pod.ports if side == "from" else found.pod(peer).ports if peer in (*OURS, "redis") else {}
        for port in rule.get("ports") or [{}]:
            number = port.get("port", 0)
            yield peer, number if isinstance(number, int) else ports[number]


def _names(found: Installation, peer: Mapping[str, Any]) -> Iterator[str]:
    if "ipBlock" in peer:
        yield INTERNET
    elif "namespaceSelector" in peer:
        namespace = peer["namespaceSelector"].get("matchLabels", {}).get("kubernetes.io/metadata.name", "any namespace")
        labels = peer.get("podSelector", {}).get("matchLabels", {})
        yield f"{namespace}/{labels.get('app.kubernetes.io/name') or labels.get('k8s-app') or '*'}"
    else:
        yield from (pod.labels[COMPONENT] for pod in found.selected(peer["podSelector"]))


def _private_in(block: Mapping[str, Any]) -> Iterator[str]:
    opened = ipaddress.ip_network(block["cidr"])
    shut = [ipaddress.ip_network(network) for network in block.get("except", ())]
    for private in map(ipaddress.ip_network, _PRIVATE):
        if private.version == opened.version and private.overlaps(opened) and private not in shut:
            yield f"house: may speak to {private}"
