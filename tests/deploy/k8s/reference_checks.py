"""Checks of what names what: services, secrets, volumes, accounts, budgets."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.deploy.k8s.installation import Installation, Pod, each_overlay


def secret_names(root: Path) -> set[str]:
    """Names of the secrets that an operator is told to make."""
    text = (root / "deploy/k8s/secrets.env.example").read_text(encoding="utf-8")
    return set(re.findall(r"^([A-Z_]+)=", text, re.MULTILINE))


@each_overlay
def services_lead_to_pods(found: Installation) -> Iterator[str]:
    """Every Service selects pods of one component and leads to a named port of theirs; none is open to the outside."""
    for service in found.of("Service"):
        name, spec = service["metadata"]["name"], service["spec"]
        pods = found.selected({"matchLabels": spec["selector"]})
        if len(pods) != 1:
            yield f"service {name} selects {len(pods)} kinds of pods"
        for port in spec["ports"]:
            if "name" not in port:
                yield f"service {name}: a port without a name"
            for pod in pods:
                if port["targetPort"] not in pod.ports:
                    yield f"service {name}: {pod.component} has no port {port['targetPort']}"
                elif pod.ports[port["targetPort"]] != port["port"]:
                    yield f"service {name}: {port['port']} is not the port of {pod.component}"
        if spec.get("type", "ClusterIP") != "ClusterIP" or "externalIPs" in spec:
            yield f"service {name} is open to the outside"
    environment = found.environment("api")
    redis = found.one("Service", environment["REDIS_HOST"])
    if str(redis["spec"]["ports"][0]["port"]) != environment["REDIS_PORT"]:
        yield "REDIS_PORT is not the port of Redis"


@each_overlay
def references_exist(found: Installation) -> Iterator[str]:
    """Every ConfigMap, Secret, key, claim, account and target that is named exists; no Secret is committed."""
    if found.of("Secret"):
        yield "a Secret is committed"
    for pod in found.pods():
        for kind, name in _named_by(pod):
            if name not in found.names(kind):
                yield f"{pod.component}: there is no {kind} {name}"
    for scaler in found.of("HorizontalPodAutoscaler", "ScaledObject"):
        target = scaler["spec"]["scaleTargetRef"]
        if target["name"] not in found.names(target.get("kind", "Deployment")):
            yield f"{scaler['kind']} scales {target['name']}, which is not there"
    made = secret_names(found.root)
    for owner, secret, key in _secrets_used(found):
        if secret != "stenopool" or key not in made:
            yield f"{owner}: secrets.env.example has no {key} for {secret}"


def _named_by(pod: Pod) -> Iterator[tuple[str, str]]:
    yield "ServiceAccount", pod.spec["serviceAccountName"]
    for source in pod.container.get("envFrom", ()):
        yield "ConfigMap", source["configMapRef"]["name"]
    for volume in pod.spec.get("volumes", ()):
        if "configMap" in volume:
            yield "ConfigMap", volume["configMap"]["name"]
        if "persistentVolumeClaim" in volume:
            yield "PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]


def _secrets_used(found: Installation) -> Iterator[tuple[str, str, str]]:
    for pod in found.pods():
        yield from ((pod.component, secret, key) for secret, key in _secrets_of(pod))
    for authentication in found.of("TriggerAuthentication"):
        for target in authentication["spec"]["secretTargetRef"]:
            yield "TriggerAuthentication", target["name"], target["key"]


def _secrets_of(pod: Pod) -> Iterator[tuple[str, str]]:
    for volume in pod.spec.get("volumes", ()):
        for item in volume.get("secret", {}).get("items", ()):
            yield volume["secret"]["secretName"], item["key"]
    for entry in pod.container.get("env", ()):
        reference = entry.get("valueFrom", {}).get("secretKeyRef")
        if reference is not None:
            yield reference["name"], reference["key"]


@each_overlay
def mounts_exist(found: Installation) -> Iterator[str]:
    """Every mount has its volume, and every volume its mount."""
    for pod in found.pods():
        volumes = {volume["name"] for volume in pod.spec.get("volumes", ())}
        volumes |= {claim["metadata"]["name"] for claim in pod.owner["spec"].get("volumeClaimTemplates", ())}
        mounts = {mount["name"] for mount in pod.container["volumeMounts"]}
        if volumes != mounts:
            yield f"{pod.component}: {', '.join(sorted(volumes ^ mounts))} is mounted or declared, not both"


@each_overlay
def volumes_shared(found: Installation) -> Iterator[str]:
    """What pods of several nodes use is ReadWriteMany; models have 10 GiB."""
    for claim in found.of("PersistentVolumeClaim"):
        name, spec = claim["metadata"]["name"], claim["spec"]
        if spec["accessModes"] != ["ReadWriteMany"]:
            yield f"volume {name}: pods of a second node would wait for ever"
        size = spec["resources"]["requests"]["storage"]
        if name == "models" and size != "10Gi":
            yield f"volume models has {size}, not 10Gi"


@each_overlay
def redis_keeps(found: Installation) -> Iterator[str]:
    """Redis evicts nothing, writes everything down, asks for a password and has room to rewrite its file."""
    lines = [
        line.split() for line in found.one("ConfigMap", "redis")["data"]["redis.conf"].splitlines() if line[:1] != "#"
    ]
    told = {line[0]: " ".join(line[1:]) for line in lines if line}
    for name, value in (("maxmemory-policy", "noeviction"), ("appendonly", "yes"), ("maxmemory", "4gb")):
        if told.get(name) != value:
            yield f"redis: {name} is {told.get(name)}, not {value}"
    pod = found.pod("redis")
    script = pod.container["command"][-1]
    if "user default on >$(cat " not in script or told.get("include") != "/run/redis/users.conf":
        yield "redis: asks for no password"
    if "-@admin -@dangerous" not in script:
        yield "redis: every process may change or empty it"
    if pod.container["resources"]["limits"]["memory"] != "6Gi":
        yield "redis: 4 GB and the rewriting of the file do not fit"
    if pod.owner["spec"]["replicas"] != 1:
        yield "redis: there can be one only"


@each_overlay
def drains_go_on(found: Installation) -> Iterator[str]:
    """Every budget selects pods and lets at least one go; what runs once has none."""
    for budget in found.of("PodDisruptionBudget"):
        name, spec = budget["metadata"]["name"], budget["spec"]
        if "minAvailable" in spec or spec.get("maxUnavailable") in (0, "0%", None):
            yield f"budget {name} can hold up the drain of a node for ever"
        pods = found.selected(spec["selector"])
        if len(pods) != 1:
            yield f"budget {name} selects {len(pods)} kinds of pods"
        yield from (
            f"budget {name}: {pod.component} runs once" for pod in pods if pod.owner["spec"].get("replicas") == 1
        )
    for component in ("api", "worker", "prepare"):
        if component not in found.names("PodDisruptionBudget"):
            yield f"{component} has no budget: a drain could take all of them at once"
        spread = found.pod(component).spec.get("topologySpreadConstraints", ())
        keys = {entry["topologyKey"] for entry in spread}
        if "kubernetes.io/hostname" not in keys:
            yield f"{component}: may all lie on one node"
        for entry in spread:
            if found.selected(entry["labelSelector"]) != [found.pod(component)]:
                yield f"{component}: is spread by others"


@each_overlay
def one_clock(found: Installation) -> Iterator[str]:
    """There is one clock, and the old one goes first."""
    spec = found.pod("beat").owner["spec"]
    if spec.get("replicas") != 1 or spec.get("strategy") != {"type": "Recreate"}:
        yield "beat: two clocks would run side by side"
