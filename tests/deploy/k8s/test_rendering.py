"""Our renderer gives what ``kubectl kustomize`` gives, and refuses what it does not know."""

import subprocess
from pathlib import Path

import pytest
import yaml

from tests.deploy.breakages import ROOT
from tests.deploy.k8s.kustomize import Manifest, NotRenderedError, render

FOLDERS = ("overlays/cpu", "overlays/gpu", "models")


def by_name(manifests: list[Manifest]) -> dict[tuple[str, str], Manifest]:
    named = {(manifest["kind"], manifest["metadata"]["name"]): manifest for manifest in manifests}
    assert len(named) == len(manifests)
    return named


def kubectl(folder: Path) -> list[Manifest]:
    done = subprocess.run(["kubectl", "kustomize", str(folder)], capture_output=True, timeout=60, check=True)
    return list(yaml.load_all(done.stdout, yaml.CSafeLoader))


@pytest.mark.needs("kubectl")
@pytest.mark.parametrize("folder", FOLDERS)
def test_kubectl_renders_the_same(folder: str) -> None:
    assert by_name(render(ROOT / "deploy/k8s" / folder)) == by_name(kubectl(ROOT / "deploy/k8s" / folder))


POD = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: one}
spec:
  template:
    spec:
      containers:
        - {name: main, image: "alpine:3", args: [a], env: [{name: A, value: "1"}, {name: B, value: "2"}]}
"""

PLAN = """
namespace: here
labels: [{pairs: {part: all}}]
resources: [pod.yaml]
images: [{name: alpine, newName: registry.example/alpine, newTag: "3.1"}]
patches:
  - patch: |-
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: one}
      spec: {replicas: 2, template: {spec: {containers: [{name: main, args: null, env: [{name: B, value: "3"}, {name: C, value: "4"}]}]}}}
  - target: {kind: Deployment, name: one}
    patch: |-
      - {op: replace, path: /spec/replicas, value: 3}
      - {op: remove, path: /spec/template/spec/containers/0/env/1/value}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pod.yaml").write_text(POD)
    (tmp_path / "kustomization.yaml").write_text(PLAN)
    return tmp_path


def test_patches_labels_namespace_and_images_are_laid_over_the_resources(folder: Path) -> None:
    (manifest,) = render(folder)
    assert manifest["metadata"] == {"name": "one", "namespace": "here", "labels": {"part": "all"}}
    assert manifest["spec"]["replicas"] == 3
    (container,) = manifest["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "registry.example/alpine:3.1"
    assert "args" not in container
    # What the patch names stands first, as with kustomize; so the second one is C.
    assert container["env"] == [{"name": "B", "value": "3"}, {"name": "C"}, {"name": "A", "value": "1"}]


@pytest.mark.needs("kubectl")
def test_kubectl_lays_them_the_same_way(folder: Path) -> None:
    assert render(folder) == kubectl(folder)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("namespace: here", "namePrefix: my-"),
        ("pod.yaml", "missing.yaml"),
        ("metadata: {name: one}", "metadata: {name: two}"),
        ("op: replace", "op: copy"),
        ("/spec/replicas", "/spec/paused"),
        ("{part: all}}", "{part: all}, includeSelectors: true}"),
        ("replicas: 2", "$patch: delete"),
    ],
)
def test_what_is_unknown_or_meets_nothing_is_refused(folder: Path, old: str, new: str) -> None:
    assert old in PLAN
    (folder / "kustomization.yaml").write_text(PLAN.replace(old, new, 1))
    with pytest.raises(NotRenderedError):
        render(folder)
