"""What docs/how-to/install-on-kubernetes.md tells an operator to write and to run is right."""

import re
import subprocess
import textwrap
from pathlib import Path

import pytest

from tests.deploy.breakages import ROOT, copy_of_the_project
from tests.deploy.k8s.checks import CHECKS
from tests.deploy.k8s.installation import Installation
from tests.deploy.k8s.kustomize import render

MANUAL = (ROOT / "docs/how-to/install-on-kubernetes.md").read_text()


def blocks(language: str) -> list[str]:
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```", MANUAL, re.MULTILINE | re.DOTALL)
    return [textwrap.dedent(text) for _, text in found]


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tree = copy_of_the_project(tmp_path_factory.mktemp("operator") / "tree")
    folder = tree / "deploy/k8s/overlays/mine"
    folder.mkdir()
    (folder / "kustomization.yaml").write_text(blocks("yaml")[0])
    return folder


def test_the_overlay_of_the_manual_passes_every_check(mine: Path) -> None:
    found = Installation("mine", mine.parents[3], tuple(render(mine)))
    looks = [check.__wrapped__ for check in CHECKS if hasattr(check, "__wrapped__")]
    assert len(looks) >= 20
    assert [fault for look in looks for fault in look(found)] == []
    classes = {claim["spec"]["storageClassName"] for claim in found.of("PersistentVolumeClaim")}
    assert classes == {"your-read-write-many-class"}


@pytest.mark.needs("kubectl")
def test_kubectl_takes_the_volume_away_as_the_manual_says(mine: Path) -> None:
    """The second example, laid over the first one."""
    kustomization = mine / "kustomization.yaml"
    before = kustomization.read_text()
    try:
        kustomization.write_text(before + blocks("yaml")[1].removeprefix("patches:\n"))
        done = subprocess.run(
            ["kubectl", "kustomize", str(mine)], capture_output=True, text=True, timeout=60, check=False
        )
    finally:
        kustomization.write_text(before)
    assert done.returncode == 0, done.stderr
    assert "claimName: models" not in done.stdout
    assert "mountPath: /models" not in done.stdout


def test_files_and_folders_of_its_commands_exist() -> None:
    text = "\n".join(blocks("sh"))
    paths = set(re.findall(r"(?:deploy/k8s/[\w./-]+|Dockerfile\.\w+)", text))
    missing = {path for path in paths if not (ROOT / path).exists()}
    assert missing == {"deploy/k8s/overlays/mine", "deploy/k8s/secrets.env"}
