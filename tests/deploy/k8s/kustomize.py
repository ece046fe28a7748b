"""Renders the few features of kustomize that deploy/k8s uses, so that a machine without kubectl can check the manifests.

Whatever it does not know it refuses. ``test_rendering.py`` holds it equal to ``kubectl kustomize`` where there is one.
"""

import copy
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

Manifest = dict[str, Any]

_KNOWN: Final = frozenset({"apiVersion", "kind", "namespace", "labels", "resources", "images", "patches"})

_CLUSTER_WIDE: Final = frozenset({"Namespace", "ClusterRole", "ClusterRoleBinding", "PersistentVolume", "StorageClass"})

_MERGE_KEYS: Final = {
    "containers": "name",
    "initContainers": "name",
    "env": "name",
    "volumes": "name",
    "volumeMounts": "mountPath",
}
"""Lists whose entries a strategic merge finds by this key; all others are replaced as a whole."""


class NotRenderedError(Exception):
    """The tree is broken, or uses what this renderer does not know."""


def render(folder: Path) -> list[Manifest]:
    """All manifests of the kustomization in ``folder``.

    Raises:
        NotRenderedError: a file is missing or broken, a patch meets nothing, a feature is unknown.
    """
    plan = _only_document(folder / "kustomization.yaml")
    unknown = plan.keys() - _KNOWN
    if unknown:
        raise NotRenderedError(f"{folder}: {', '.join(sorted(unknown))} is not rendered here")
    manifests = [manifest for name in plan.get("resources", ()) for manifest in _resource(folder / name)]
    for patch in plan.get("patches", ()):
        _patch(manifests, patch, folder)
    for manifest in manifests:
        _move_to(manifest, plan.get("namespace"))
        for entry in plan.get("labels", ()):
            _refuse_but(entry, {"pairs"})
            manifest["metadata"].setdefault("labels", {}).update(entry["pairs"])
    for image in plan.get("images", ()):
        _set_image(manifests, image)
    return manifests


def load(file: Path) -> list[Manifest]:
    """The documents of a YAML file.

    Raises:
        NotRenderedError: there is none, or it is broken.
    """
    try:
        text = file.read_text(encoding="utf-8")
        documents = [document for document in yaml.load_all(text, yaml.CSafeLoader) if document]
    except (OSError, yaml.YAMLError) as error:
        raise NotRenderedError(f"{file}: {error}") from error
    # Anchors give one object for several places; a patch must change one of them only.
    return [_without_aliases(document) for document in documents]


def _without_aliases(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_aliases(part) for key, part in value.items()}
    return [_without_aliases(part) for part in value] if isinstance(value, list) else value


def _only_document(file: Path) -> Manifest:
    documents = load(file)
    if len(documents) != 1:
        raise NotRenderedError(f"{file}: {len(documents)} documents")
    return documents[0]


def _resource(path: Path) -> list[Manifest]:
    return render(path) if path.is_dir() else load(path)


def _patch(manifests: list[Manifest], patch: Mapping[str, Any], folder: Path) -> None:
    _refuse_but(patch, {"path", "patch", "target"})
    body = _only_document(folder / patch["path"]) if "path" in patch else yaml.load(patch["patch"], yaml.CSafeLoader)
    target = patch.get("target") or {"kind": body["kind"], "name": body["metadata"]["name"]}
    _refuse_but(target, {"kind", "name"})
    met = [manifest for manifest in manifests if _is_meant(manifest, target)]
    if not met:
        raise NotRenderedError(f"{folder}: a patch of {' '.join(target.values())} meets nothing")
    for manifest in met:
        if isinstance(body, list):
            for operation in body:
                _operate(manifest, operation)
        else:
            _merge(manifest, body)


def _is_meant(manifest: Manifest, target: Mapping[str, str]) -> bool:
    name = str(manifest["metadata"]["name"])
    return (str(manifest["kind"]), name) == (target["kind"], target.get("name", name))


def _merge(into: dict[str, Any], patch: Mapping[str, Any]) -> None:
    for key, value in patch.items():
        if key.startswith("$"):
            raise NotRenderedError(f"{key} is not rendered here")
        if value is None:
            into.pop(key, None)
        elif isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        elif isinstance(value, list) and key in _MERGE_KEYS and isinstance(into.get(key), list):
            _merge_list(into[key], value, _MERGE_KEYS[key])
        else:
            into[key] = copy.deepcopy(value)


def _merge_list(into: list[dict[str, Any]], patch: list[dict[str, Any]], merge_key: str) -> None:
    rest = {entry[merge_key]: entry for entry in into}
    first = []
    for entry in patch:
        found = rest.pop(entry[merge_key], {})
        _merge(found, entry)
        first.append(found)
    # Kustomize puts what a patch names before what it does not.
    into[:] = [*first, *rest.values()]


def _operate(manifest: Manifest, operation: Mapping[str, Any]) -> None:
    *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
    place: Any = manifest
    for part in parents:
        place = place[int(part)] if isinstance(place, list) else place[part]
    match operation["op"]:
        case "replace" if last in place:
            place[last] = operation["value"]
        case "add" if isinstance(place, dict):
            place[last] = operation["value"]
        case "remove" if last in place:
            del place[last]
        case _:
            raise NotRenderedError(f"{operation['op']} {operation['path']} is not rendered here, or meets nothing")


def _move_to(manifest: Manifest, namespace: str | None) -> None:
    if namespace is None:
        return
    if manifest["kind"] == "Namespace":
        manifest["metadata"]["name"] = namespace
    elif manifest["kind"] not in _CLUSTER_WIDE:
        manifest["metadata"]["namespace"] = namespace


def _set_image(manifests: list[Manifest], image: Mapping[str, str]) -> None:
    _refuse_but(image, {"name", "newName", "newTag"})
    for container in containers_of(manifests):
        name, colon, tag = container["image"].partition(":")
        if name == image["name"]:
            tag = image.get("newTag", tag)
            container["image"] = image.get("newName", name) + (f":{tag}" if tag or colon else "")


def containers_of(manifests: list[Manifest]) -> Iterator[dict[str, Any]]:
    """All containers of all pods."""
    for manifest in manifests:
        pod = manifest.get("spec", {}).get("template", {}).get("spec", {})
        yield from (*pod.get("initContainers", ()), *pod.get("containers", ()))


def _refuse_but(entry: Mapping[str, Any], known: set[str]) -> None:
    if entry.keys() - known:
        raise NotRenderedError(f"{', '.join(sorted(entry.keys() - known))} is not rendered here")
