"""Checks of what runs in the pods: rights, probes, time to stop, settings, command lines, images, sizes."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from stenopool.errors import FatalError
from stenopool.queueing.names import HOUSE, PREPARE
from stenopool.settings import SECRETS, Settings, load_settings
from tests.deploy.api_processes import is_patient
from tests.deploy.k8s.installation import OURS, Installation, Pod, each_overlay

OUR_USER: Final = 10001

SECRETS_DIR: Final = "/run/secrets/stenopool"

NOT_OURS: Final = frozenset({"HF_HOME", "HF_HUB_OFFLINE", "NVIDIA_VISIBLE_DEVICES"})
"""Variables that others read: the model hub's client and NVIDIA's container runtime."""

LAST_ACTS_S: Final = 15
"""What a process needs after its grace (docs/explanation/worker.md, "Stopping")."""

_LIVENESS: Final = {"initialDelaySeconds": 60, "periodSeconds": 30, "timeoutSeconds": 10, "failureThreshold": 3}
_READINESS: Final = {"initialDelaySeconds": 30, "periodSeconds": 10, "timeoutSeconds": 10, "failureThreshold": 3}

_ALLOWED_VOLUMES: Final = {"configMap", "emptyDir", "persistentVolumeClaim", "secret"}
"""Those of the pod security standard ``restricted`` that are used."""


def settings_of(found: Installation, component: str) -> Settings:
    """The settings as the component's process would read them, with made-up secrets.

    Raises:
        FatalError: it would refuse to start.
    """
    environment = {name: value for name, value in found.environment(component).items() if name not in NOT_OURS}
    for name in SECRETS:
        if environment.pop(f"{name}_FILE", None) is not None:
            environment[name] = "made-up-and-long-enough"
    return load_settings(environment)


@each_overlay
def restricted(found: Installation) -> Iterator[str]:
    """Every pod meets the pod security standard ``restricted``, as a user without rights, on a read-only root."""
    labels = found.one("Namespace", "stenopool")["metadata"]["labels"]
    if labels.get("pod-security.kubernetes.io/enforce") != "restricted":
        yield "the cluster does not enforce the standard restricted"
    for pod in found.pods():
        wrong = [fault for fault, is_so in rights(pod).items() if is_so]
        yield from (f"{pod.component}: {fault}" for fault in wrong)
    for account in found.of("ServiceAccount"):
        if account.get("automountServiceAccountToken") is not False:
            yield f"service account {account['metadata']['name']} hands out a token"


def rights(pod: Pod) -> Mapping[str, bool]:
    """Each fault that the rights of a pod can have, and whether they have it."""
    whole, own = pod.spec.get("securityContext", {}), pod.container.get("securityContext", {})
    kinds = {kind for volume in pod.spec.get("volumes", ()) for kind in volume if kind != "name"}
    return {
        "may be root": whole.get("runAsNonRoot") is not True or whole.get("runAsUser") != OUR_USER,
        "volumes may belong to another group": whole.get("fsGroup") != OUR_USER,
        "no seccomp profile": whole.get("seccompProfile") != {"type": "RuntimeDefault"},
        "may gain privileges": own.get("allowPrivilegeEscalation") is not False or "privileged" in own,
        "keeps capabilities": own.get("capabilities") != {"drop": ["ALL"]},
        "writes into its image": own.get("readOnlyRootFilesystem") is not True,
        "uses the node's own": any(key.startswith("host") for key in pod.spec),
        "has a volume of the node": bool(kinds - _ALLOWED_VOLUMES),
        "gets a token of the cluster": pod.spec.get("automountServiceAccountToken") is not False,
        "gets variables named after services": pod.spec.get("enableServiceLinks") is not False,
        "has no account of its own": pod.spec.get("serviceAccountName") != pod.component,
    }


@each_overlay
def probed(found: Installation) -> Iterator[str]:
    """Every pod has liveness and readiness at the agreed pace, by a way that exists."""
    for pod in found.pods():
        for name, pace in (("livenessProbe", _LIVENESS), ("readinessProbe", _READINESS)):
            probe = pod.container.get(name, {})
            if {key: probe.get(key) for key in pace} != pace:
                yield f"{pod.component}: {name} is missing or not at its pace"
            yield from _faults_of_way(found, pod, name, probe)
        startup = pod.container.get("startupProbe")
        if startup is not None:
            yield from _faults_of_way(found, pod, "startupProbe", startup)
        elif pod.component != "flower":
            yield f"{pod.component}: no startupProbe: what starts slowly would be killed"
    model = found.pod("worker").container.get("startupProbe", {})
    if model.get("periodSeconds", 0) * model.get("failureThreshold", 0) < 600:
        yield "worker: less than ten minutes to load a model"
    if "ready" in json.dumps(found.pod("api").container.get("livenessProbe")):
        yield "api: an outage of Redis would restart it"


def _faults_of_way(found: Installation, pod: Pod, name: str, probe: Mapping[str, Any]) -> Iterator[str]:
    if "httpGet" in probe:
        path, port = probe["httpGet"]["path"], probe["httpGet"]["port"]
        if path not in _paths(found.root):
            yield f"{pod.component}: {name} asks for {path}, which nobody answers"
        if port not in pod.ports:
            yield f"{pod.component}: {name} asks at {port}, which is no port of it"
        return
    command = probe.get("exec", {}).get("command", [])
    if pod.component == "redis":
        if "redis-cli ping" not in command[-1] or "REDISCLI_AUTH=" not in command[-1]:
            yield f"redis: {name} is not a ping with the password"
        return
    kind = "worker" if pod.component == "prepare" else pod.component
    if command not in (["python", "-m", "stenopool.alive", kind], ["python", "-m", "stenopool.alive", kind, "--ready"]):
        yield f"{pod.component}: {name} runs {' '.join(command)}"


def _paths(root: Path) -> set[str]:
    document = json.loads((root / "docs/openapi.json").read_text(encoding="utf-8"))
    alive = (root / "stenopool/alive.py").read_text(encoding="utf-8")
    return {*document["paths"], *re.findall(r'"(/flower/[a-z]+)"', alive)}


@each_overlay
def time_to_stop(found: Installation) -> Iterator[str]:
    """Every pod may take its grace, and what comes before and after it, before it is killed."""
    for component in ("api", "worker", "prepare"):
        pod = found.pod(component)
        before = pod.container.get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command", ["sleep", "0"])
        needed = int(before[-1]) + settings_of(found, component).stop_grace_s + LAST_ACTS_S
        if pod.spec.get("terminationGracePeriodSeconds", 30) < needed:
            yield f"{component}: is killed before {needed:.0f} s have passed"
    if "lifecycle" not in found.pod("api").container:
        yield "api: ends before the Ingress knows"


@each_overlay
def settings_valid(found: Installation) -> Iterator[str]:
    """Every variable is a setting, and every process would start with what it is given."""
    known = {name.upper() for name in Settings.model_fields} | {f"{name}_FILE" for name in SECRETS} | NOT_OURS
    for component in OURS:
        environment = found.environment(component)
        yield from (f"{component}: no setting is called {name}" for name in sorted(environment.keys() - known))
        for name in SECRETS:
            if name in environment and name not in NOT_OURS:
                yield f"{component}: {name} stands in the environment; use {name}_FILE"
        try:
            settings_of(found, component)
        except FatalError as error:
            yield f"{component}: {error.message}"
        yield from _unmounted(found, component, environment)


def _unmounted(found: Installation, component: str, environment: Mapping[str, str]) -> Iterator[str]:
    pod = found.pod(component)
    mounts = {mount["mountPath"]: mount["name"] for mount in pod.container["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in pod.spec["volumes"]}
    items = volumes.get(mounts.get(SECRETS_DIR, ""), {}).get("secret", {}).get("items", ())
    files = {f"{SECRETS_DIR}/{item['path']}" for item in items}
    for name in SECRETS:
        file = environment.get(f"{name}_FILE")
        if file is not None and file not in files:
            yield f"{component}: {file} is not mounted"
    wanted = {
        environment["DATA_DIR"]: component != "flower",
        environment["MODEL_DIR"]: component == "worker",
        "/tmp": True,
    }
    yield from (
        f"{component}: nothing is mounted at {path}"
        for path, is_wanted in wanted.items()
        if is_wanted and path not in mounts
    )


@each_overlay
def commands_known(found: Installation) -> Iterator[str]:
    """Every process runs the program it should, and listens where it is rung."""
    settings = settings_of(found, "worker")
    apps = {
        "api": ["uvicorn", "--factory", "api.main:create_app"],
        "prepare": ["celery", "-A", "worker.app", "worker", "-Q", PREPARE],
        "worker": ["celery", "-A", "worker.app", "worker", "-X", PREPARE],
        "house": ["celery", "-A", "beat.app", "worker", "-Q", HOUSE, "-P", "threads"],
        "beat": ["celery", "-A", "beat.app", "beat"],
        "flower": ["python", "-m", "beat.flower"],
    }
    for component, beginning in apps.items():
        command = found.command(component)
        if command[: len(beginning)] != beginning:
            yield f"{component}: runs {' '.join(command)}, not {' '.join(beginning)} …"
        if component == "api" and not is_patient(command):
            yield "api: processes that start together are ended"
        yield from (f"{component}: {word} is not filled in" for word in command if "$(" in word)
    for component, option in (("api", "--port"), ("flower", "--port")):
        words = " ".join(found.command(component)).replace("=", " ").split()
        given = int(words[words.index(option) + 1])
        if given not in found.pod(component).ports.values():
            yield f"{component}: listens on {given}, and no port of the pod is that"
    if found.environment("prepare").get("NVIDIA_VISIBLE_DEVICES") != "void":
        yield "prepare: who opens what strangers sent may have GPUs"
    metrics = found.pod("worker").ports.get("metrics")
    if metrics != settings.worker_metrics_port or settings.worker_metrics_host != "0.0.0.0":
        yield "worker: does not tell its metrics on its port"


@each_overlay
def images_pinned(found: Installation) -> Iterator[str]:
    """Every image has a tag, ours the project's version; none is a moving one."""
    project = tomllib.loads((found.root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for pod in found.pods():
        name, _, tag = pod.container["image"].rpartition(":")
        if not name or tag in {"latest", "stable", "main"}:
            yield f"{pod.component}: {pod.container['image']} is not pinned"
        if pod.component in OURS and not tag.startswith(project["version"]):
            yield f"{pod.component}: {tag} is not the project's version {project['version']}"
        if pod.component in OURS and name.rpartition("/")[2] != _image_of(pod.component, found.overlay):
            yield f"{pod.component}: {name} is not its image"


def _image_of(component: str, overlay: str) -> str:
    if component == "worker" and overlay == "gpu":
        return "stenopool-worker-gpu"
    return "stenopool-worker" if component in {"worker", "prepare"} else "stenopool-api"


@each_overlay
def sizes_agreed(found: Installation) -> Iterator[str]:
    """Every container says what it needs and may have; those that matter have the agreed sizes."""
    for pod in found.pods():
        resources = pod.container.get("resources", {})
        for key in ("cpu", "memory"):
            if key not in resources.get("requests", {}) or key not in resources.get("limits", {}):
                yield f"{pod.component}: {key} without request or limit"
    limits = {pod.component: pod.container.get("resources", {}).get("limits", {}) for pod in found.pods()}
    if (limits["api"].get("cpu"), limits["api"].get("memory")) != ("4", "4Gi"):
        yield "api: not 4 CPU and 4 GiB"
    settings = settings_of(found, "worker")
    if found.overlay == "gpu":
        if limits["worker"].get("nvidia.com/gpu") != 1 or settings.device != "cuda":
            yield "worker: not one GPU for each"
        if limits["worker"].get("memory") != "12Gi":
            yield "worker: not up to 12 GiB"
        return
    if (limits["worker"].get("cpu"), limits["worker"].get("memory")) != ("2", "2Gi"):
        yield "worker: not 2 CPU and 2 GiB"
    if str(settings.cpu_threads) != limits["worker"].get("cpu"):
        yield "worker: CPU_THREADS is not its limit of CPU"
