"""Checks of deploy/k8s/models, the Job that fetches weights: it is no part of an overlay, and goes when it is done."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.deploy.k8s.installation import COMPONENT, OURS, Pod, installations
from tests.deploy.k8s.kustomize import NotRenderedError, render
from tests.deploy.k8s.pod_checks import rights
from tests.deploy.k8s.schema_checks import faults_of

_HAS_NO_ACCOUNT: Final = "has no account of its own"


def weights_fetched(root: Path) -> list[str]:
    """The Job fetches what the settings name onto the volume of the workers, and may go out by itself alone."""
    try:
        return list(_faults(root))
    except NotRenderedError as error:
        return [str(error)]


def _faults(root: Path) -> Iterator[str]:
    manifests = render(root / "deploy/k8s/models")
    for manifest in manifests:
        yield from faults_of(manifest)
    job, policy = manifests
    pod = Pod(job)
    yield from (fault for fault, is_so in rights(pod).items() if is_so and fault != _HAS_NO_ACCOUNT)
    if pod.container["args"] != ["python", "-m", "worker.weights", "fetch"]:
        yield "runs something else"
    selected = policy["spec"]["podSelector"]["matchLabels"].get(COMPONENT)
    if selected != pod.component or selected in OURS:
        yield "opens a way out for others"
    cpu = installations(root)[0]
    worker = cpu.pod("worker")
    if pod.container["image"] != worker.container["image"]:
        yield "has another image than the workers"
    claims = [
        volume["persistentVolumeClaim"]["claimName"]
        for volume in pod.spec["volumes"]
        if len(volume) > 1 and "persistentVolumeClaim" in volume
    ]
    if claims != ["models"] or "models" not in cpu.names("PersistentVolumeClaim"):
        yield "fetches onto another volume than the workers read"
    settings = pod.container["envFrom"][0]["configMapRef"]["name"]
    if settings != worker.container["envFrom"][0]["configMapRef"]["name"]:
        yield "fetches for other settings than the workers read"
