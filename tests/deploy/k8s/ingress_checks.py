"""Checks of the front door: what it lets through, and what it keeps shut."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from stenopool.settings import Settings
from tests.deploy.k8s.installation import Installation, each_overlay
from tests.deploy.k8s.pod_checks import settings_of

_ANNOTATION: Final = "nginx.ingress.kubernetes.io/"


@each_overlay
def lets_through(found: Installation) -> Iterator[str]:
    """Long calls, large uploads and streams pass."""
    settings = settings_of(found, "api")
    told = _annotations(found, "stenopool")
    if int(told.get("proxy-body-size", "1m").removesuffix("m")) <= settings.max_file_size_mb:
        yield "an upload of MAX_FILE_SIZE_MB is refused before the API sees it"
    for name in ("proxy-read-timeout", "proxy-send-timeout"):
        if int(told.get(name, "60")) < settings.openai_wait_s + 60:
            yield f"{name} ends calls that wait for their transcript"
    for name in ("proxy-buffering", "proxy-request-buffering"):
        if told.get(name) != "off":
            yield f"{name} holds streams back"


@each_overlay
def keeps_shut(found: Installation) -> Iterator[str]:
    """What is not for the outside is refused to every address."""
    if _annotations(found, "stenopool-closed").get("denylist-source-range") != "0.0.0.0/0,::/0":
        yield "what is not for the outside is open"
    shut = {path["path"] for path in _paths_of(found.one("Ingress", "stenopool-closed"))}
    yield from (f"{path} is open to the outside" for path in sorted(_refused_by_nginx(found.root) - shut))


def _refused_by_nginx(root: Path) -> set[str]:
    """What the front door of a single host refuses."""
    text = (root / "nginx/snippets/refused.conf").read_text(encoding="utf-8")
    names = re.findall(r"\^/\(([a-z|.\\]+)\)", text)
    return {"/" + name.replace("\\", "") for alternatives in names for name in alternatives.split("|")} or {"nothing"}


@each_overlay
def leads_to_the_api(found: Installation) -> Iterator[str]:
    """Every path leads to a port of a Service; the host is the one of links, under TLS."""
    doors = found.of("Ingress")
    for service in (path["backend"]["service"] for door in doors for path in _paths_of(door)):
        ports = [port["name"] for port in found.one("Service", service["name"])["spec"]["ports"]]
        if service["port"].get("name") not in ports:
            yield f"{service['name']} has no port {service['port']}"
    yield from _faults_of_host(doors, settings_of(found, "api"))


def _faults_of_host(doors: list[dict[str, Any]], settings: Settings) -> Iterator[str]:
    hosts = {rule["host"] for door in doors for rule in door["spec"]["rules"]}
    if hosts != {urlsplit(settings.public_url).hostname}:
        yield "PUBLIC_URL is not where the Ingress listens"
    for door in doors:
        covered = {host for entry in door["spec"].get("tls", ()) for host in entry["hosts"]}
        if covered != hosts:
            yield f"{door['metadata']['name']}: no TLS for its host"


def _annotations(found: Installation, door: str) -> Mapping[str, str]:
    annotations = found.one("Ingress", door)["metadata"].get("annotations", {})
    return {name.removeprefix(_ANNOTATION): value for name, value in annotations.items()}


def _paths_of(door: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for rule in door["spec"]["rules"]:
        yield from rule["http"]["paths"]
