"""What an overlay of deploy/k8s comes to, as the checks read it."""

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.deploy.k8s.kustomize import Manifest, NotRenderedError, render

OVERLAYS: Final = ("cpu", "gpu")

OURS: Final = ("api", "worker", "prepare", "house", "beat", "flower")
"""The components that run our code; Redis is the seventh."""

COMPONENT: Final = "app.kubernetes.io/component"


@dataclass(frozen=True, slots=True)
class Pod:
    """The pods of a Deployment or a StatefulSet."""

    owner: Manifest

    @property
    def component(self) -> str:
        """What it is in our words."""
        return str(self.labels.get(COMPONENT, ""))

    @property
    def labels(self) -> Mapping[str, str]:
        """What selectors look at."""
        labels: Mapping[str, str] = self.owner["spec"]["template"]["metadata"]["labels"]
        return labels

    @property
    def spec(self) -> Mapping[str, Any]:
        """The pod's own part."""
        spec: Mapping[str, Any] = self.owner["spec"]["template"]["spec"]
        return spec

    @property
    def container(self) -> Mapping[str, Any]:
        """The one that it has."""
        (container,) = self.spec["containers"]
        found: Mapping[str, Any] = container
        return found

    @property
    def ports(self) -> Mapping[str, int]:
        """Its named ports."""
        return {port["name"]: port["containerPort"] for port in self.container.get("ports", ())}


@dataclass(frozen=True, slots=True)
class Installation:
    """All manifests of one overlay, rendered."""

    overlay: str
    root: Path
    manifests: tuple[Manifest, ...]

    def of(self, *kinds: str) -> list[Manifest]:
        """The manifests of these kinds."""
        return [manifest for manifest in self.manifests if manifest["kind"] in kinds]

    def names(self, kind: str) -> set[str]:
        """What the manifests of a kind are called."""
        return {manifest["metadata"]["name"] for manifest in self.of(kind)}

    def one(self, kind: str, name: str) -> Manifest:
        """The one of this kind and name."""
        (found,) = [manifest for manifest in self.of(kind) if manifest["metadata"]["name"] == name]
        return found

    def pods(self) -> list[Pod]:
        """The pods of all Deployments and StatefulSets."""
        return [Pod(owner) for owner in self.of("Deployment", "StatefulSet")]

    def pod(self, component: str) -> Pod:
        """The pods of one component."""
        (found,) = [pod for pod in self.pods() if pod.component == component]
        return found

    def selected(self, selector: Mapping[str, Any]) -> list[Pod]:
        """The pods that a LabelSelector selects; an empty one selects all."""
        return [pod for pod in self.pods() if _matches(pod.labels, selector)]

    def environment(self, component: str) -> dict[str, str]:
        """What the component's container finds in its environment; secrets stand as ``<secret>``."""
        container = self.pod(component).container
        found: dict[str, str] = {}
        for source in container.get("envFrom", ()):
            found |= self.one("ConfigMap", source["configMapRef"]["name"])["data"]
        for entry in container.get("env", ()):
            found[entry["name"]] = entry.get("value", "<secret>")
        return found

    def command(self, component: str) -> list[str]:
        """What the component's image is told to run, with ``$(NAME)`` filled in."""
        environment = self.environment(component)
        words = [str(word) for word in self.pod(component).container["args"]]
        for name, value in environment.items():
            words = [word.replace(f"$({name})", value) for word in words]
        return words


def _matches(labels: Mapping[str, str], selector: Mapping[str, Any]) -> bool:
    for expression in selector.get("matchExpressions", ()):
        if expression["operator"] != "In":
            raise NotRenderedError(f"{expression['operator']} is not read here")
        if labels.get(expression["key"]) not in expression["values"]:
            return False
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())


@functools.lru_cache(maxsize=8)
def _rendered(root: Path, _content: bytes) -> tuple[Installation, ...]:
    return tuple(
        Installation(overlay, root, tuple(render(root / "deploy/k8s/overlays" / overlay))) for overlay in OVERLAYS
    )


def installations(root: Path) -> tuple[Installation, ...]:
    """Both overlays of a tree, rendered once for each content of it.

    Raises:
        NotRenderedError: as ``render``.
    """
    files = sorted((root / "deploy/k8s").rglob("*.yaml"))
    return _rendered(root, b"".join(file.read_bytes() for file in files))


def each_overlay(look: Callable[[Installation], Iterator[str]]) -> Callable[[Path], list[str]]:
    """Makes a check of a tree out of one of an installation; a tree that cannot be rendered is a fault."""

    @functools.wraps(look)
    def check(root: Path) -> list[str]:
        try:
            return [f"{found.overlay}: {fault}" for found in installations(root) for fault in look(found)]
        except NotRenderedError as error:
            return [str(error)]

    return check
