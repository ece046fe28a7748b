"""What must be true of the compose files: how they are started, scaled, stopped and watched. Rights stand in rights.py."""

import re
import tomllib
from pathlib import Path
from typing import Any, Final

from stenopool.settings import Settings
from tests.deploy.api_processes import is_patient
from tests.deploy.by_hand import commands
from tests.deploy.compose.compose_file import BASE, FILES, GPU, LARGE, load, services, variables_of

OURS: Final = ("api", "worker", "prepare", "house", "beat", "models", "flower")
MONITORING: Final = ("flower", "prometheus", "grafana")
SERVICES: Final = {"nginx", "redis", *OURS, *MONITORING}
STOPPED_WITH_GRACE: Final = ("api", "worker", "prepare", "house")

MARGIN_S: Final = 15.0
"""Seconds a process gets beside its grace (docs/explanation/worker.md)."""

_REDIS_LINES: Final = ("maxmemory-policy noeviction", "appendonly yes", "maxmemory 4gb")


_WORDS: Final = {
    "healthcheck": "test interval timeout start_period start_interval retries",
    "deploy": "replicas resources",
    "logging": "driver options",
    "build": "context dockerfile args",
    "service": "image build user command environment env_file secrets volumes ports networks depends_on healthcheck deploy"
    " profiles restart read_only tmpfs cap_drop security_opt logging init stop_grace_period",
}
"""The words of the format that are used here: an engine's own schema is not at hand, and a slip of the pen is a new one."""


def check_words(root: Path) -> list[str]:
    """No key is misspelt."""
    faults = []
    for name, service in services(root, BASE, LARGE, GPU).items():
        for part, words in _WORDS.items():
            found = service if part == "service" else service.get(part, {})
            faults += [f"{name}: what is {key} in {part}?" for key in found if key not in words.split()]
    return faults


def check_services(root: Path) -> list[str]:
    """The services that the other parts count on, and no others in the overrides."""
    faults = []
    for names in ((BASE,), (BASE, GPU), (BASE, LARGE), (BASE, LARGE, GPU)):
        found = set(services(root, *names))
        faults += [f"{' + '.join(names)}: there is no service {name}" for name in SERVICES - found]
        faults += [f"{' + '.join(names)}: service {name} is new" for name in found - SERVICES]
    return faults


def check_commands(root: Path) -> list[str]:
    """The containers run the commands of the page for people; API and Flower add where they listen."""
    told = commands(root)
    faults = []
    for name in OURS[:5]:
        command = services(root)[name]["command"]
        known = [words[:3] for words in told] if name == "api" else told
        if command[: 3 if name == "api" else None] not in known:
            faults.append(f"{name} runs what docs/how-to/run-each-process-by-hand.md does not know")
    flower = services(root)["flower"]["command"]
    return faults + ([] if any(words[:3] == flower[:3] for words in told) else ["flower is started in another way"])


def check_images(root: Path) -> list[str]:
    """Each image has a tag of its own; ours carry the version of the project and are built from the right file."""
    version = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    faults = []
    for names in ((BASE,), (BASE, GPU)):
        for name, service in services(root, *names).items():
            _, _, tag = service["image"].rpartition(":")
            if tag in ("", "latest") or "/" in tag:
                faults.append(f"{name}: {service['image']} is not pinned")
            if name in OURS and (tag != version or not (root / service["build"]["dockerfile"]).is_file()):
                faults.append(f"{name}: is not version {version} of an image that is built here")
    return faults


def check_redis(root: Path) -> list[str]:
    """Redis throws nothing away, keeps an append-only file, is seen by nobody outside, and asks for a password."""
    redis = services(root)["redis"]
    script = redis["command"][-1]
    lines = [line.strip() for line in script.splitlines()]
    faults = [f"redis: no line {line!r}" for line in _REDIS_LINES if line not in lines]
    users = [line for line in lines if line.startswith("user ")]
    if len(users) != 2 or "nopass" in script or not all(">$(cat /run/secrets/redis_" in line for line in users):
        faults.append("redis: there is a user without a password of make secrets")
    if not any(line.startswith("user default") and "-@admin" in line and "-@dangerous" in line for line in users):
        faults.append("redis: the processes may do everything")
    if "REDISCLI_AUTH=" not in redis["healthcheck"]["test"][-1]:
        faults.append("redis: its health check shows no password")
    return faults


def check_scaling(root: Path) -> list[str]:
    """Whatever is scaled has neither a name nor a port of the host; there are three workers, four API processes."""
    faults = []
    for names in ((BASE,), (BASE, GPU), (BASE, LARGE)):
        for name, service in services(root, *names).items():
            if "container_name" in service:
                faults.append(f"{name} has a container_name")
            if name in OURS and name != "flower" and "ports" in service:
                faults.append(f"{name} has a port of the host")
    found = services(root)
    if found["worker"]["deploy"]["replicas"] != "3":
        faults.append("there are not three workers")
    if "--workers 4" not in " ".join(found["api"]["command"]):
        faults.append("the API has not four processes")
    return faults


def check_health(root: Path) -> list[str]:
    """What runs for long has a health check, and nothing begins before what it needs is healthy."""
    found = services(root)
    faults = [f"{name} has no health check" for name in SERVICES - {"models"} if "healthcheck" not in found[name]]
    for name in OURS:
        test = found[name].get("healthcheck", {}).get("test", ["python", "stenopool.alive"])
        if "stenopool.alive" not in test:
            faults.append(f"{name}: its health check is not stenopool.alive")
    wanted = [(name, "redis", "service_healthy") for name in OURS if name != "models"]
    wanted += [("worker", "models", "service_completed_successfully"), ("nginx", "api", "service_healthy")]
    for name, needed, condition in wanted:
        if found[name].get("depends_on", {}).get(needed, {}).get("condition") != condition:
            faults.append(f"{name} does not wait for {needed}: {condition}")
    return faults


def check_stop(root: Path) -> list[str]:
    """Docker kills later than a process stops by itself, and the API's server neither later nor, at its start, sooner."""
    grace_s = float(Settings.model_fields["stop_grace_s"].default)
    found = services(root)
    faults = [
        f"{name} is killed before its grace of {grace_s:.0f} s is over"
        for name in STOPPED_WITH_GRACE
        if _seconds(found[name].get("stop_grace_period", "10s")) < grace_s + MARGIN_S
    ]
    command = found["api"]["command"]
    if command[command.index("--timeout-graceful-shutdown") + 1] != f"{grace_s:.0f}":
        faults.append("the API's server has another grace than STOP_GRACE_S")
    if not is_patient(command):
        faults.append("API processes that start together are ended")
    return faults


def check_variables(root: Path) -> list[str]:
    """Each variable of a compose file stands in .env.example, explained, with the default that it has in the file."""
    lines = (root / ".env.example").read_text("utf-8").splitlines()
    told = {}
    for before, line in zip(["", *lines], lines, strict=False):
        name, equals, value = line.removeprefix("# ").partition("=")
        if equals and name.isupper() and before.startswith("# "):
            told[name] = value
    # Of a worker there is another number, and another type of its arithmetic, with GPUs.
    differ = {("docker-compose.gpu.yml", "WORKER_REPLICAS"), ("docker-compose.gpu.yml", "COMPUTE_TYPE")}
    faults = []
    for file in FILES:
        for name, default in {(found.name, found.default) for found in variables_of(root / file)}:
            if name not in told:
                faults.append(f"{file}: {name} is not explained in .env.example")
            elif (file, name) not in differ and default != told[name]:
                faults.append(f"{file}: {name} is {default!r} without .env, .env.example says {told[name]!r}")
    return faults


def check_profiles(root: Path) -> list[str]:
    """Monitoring is one profile, and on for whoever copies .env.example."""
    faults = []
    for name, service in services(root).items():
        if service.get("profiles", []) != (["monitoring"] if name in MONITORING else []):
            faults.append(f"{name} has the wrong profile")
    if "COMPOSE_PROFILES=monitoring" not in (root / ".env.example").read_text("utf-8").splitlines():
        faults.append(".env.example does not start monitoring")
    return faults


def check_limits(root: Path) -> list[str]:
    """Each container has its share of processors, memory, processes and disk for logs."""
    faults = []
    for name, service in services(root).items():
        limits = service["deploy"]["resources"]["limits"]
        faults += [f"{name} has no limit of {kind}" for kind in ("cpus", "memory", "pids") if not limits.get(kind)]
        if set(service.get("logging", {}).get("options", {})) != {"max-size", "max-file"}:
            faults.append(f"{name} writes logs without end")
    found = services(root)
    if _bytes(found["redis"]["deploy"]["resources"]["limits"]["memory"]) < 1.5 * _bytes("4gb"):
        faults.append("redis: its container is too small for REDIS_MAXMEMORY")
    worker = found["worker"]
    if worker["environment"]["CPU_THREADS"] != worker["deploy"]["resources"]["limits"]["cpus"]:
        faults.append("worker: the engine has another number of threads than processors")
    return faults


def check_gpu(root: Path) -> list[str]:
    """The same service becomes a GPU worker; everything else about it stays."""
    plain, changed = services(root)["worker"], services(root, BASE, GPU)["worker"]
    faults = [f"worker loses its {key} with GPUs" for key in plain if key not in changed]
    same = ("command", "secrets", "volumes", "networks", "depends_on", "healthcheck", "user")
    faults += [f"worker has another {key} with GPUs" for key in same if plain[key] != changed[key]]
    devices = changed["deploy"]["resources"].get("reservations", {}).get("devices", [])
    if devices != [{"driver": "nvidia", "count": "all", "capabilities": ["gpu"]}]:
        faults.append("worker sees no GPUs")
    environment = changed["environment"]
    if (changed["build"]["args"]["VARIANT"], environment.get("DEVICE"), environment.get("GPU")) != (
        "gpu",
        "cuda",
        "auto",
    ):
        faults.append("worker does not run on the GPU that it finds free")
    return faults + _sizes(changed, "worker on a GPU", memory=("8G", "12G"))


def check_large(root: Path) -> list[str]:
    """The sizes for many users: three API containers of 4 CPU and 4 GiB, ten workers of 2 CPU and 2 GiB."""
    found = services(root, BASE, LARGE)
    faults = []
    for name, replicas, cpus, memory in (("api", "3", "4", "4G"), ("worker", "10", "2", "2G")):
        deploy = found[name]["deploy"]
        if (deploy["replicas"], deploy["resources"]["limits"]["cpus"]) != (replicas, cpus):
            faults.append(f"{name} is not {replicas} times {cpus} CPU")
        faults += _sizes(found[name], name, memory=(memory, memory))
    both = services(root, BASE, LARGE, GPU)["worker"]
    return faults + _sizes(both, "one of many workers on a GPU", memory=("8G", "12G"))


def check_mounts(root: Path) -> list[str]:
    """Folders of the project are mounted read-only; volumes are declared; workers cannot change their weights."""
    volumes = load(root)["volumes"]
    faults = []
    for name, service in services(root).items():
        for mount in service.get("volumes", []):
            source, target, *mode = mount.split(":")
            if source.startswith("."):
                faults += [] if mode == ["ro"] else [f"{name} may write to {source}"]
                faults += [] if (root / source).exists() else [f"{name}: there is no {source}"]
            elif source not in volumes:
                faults.append(f"{name}: no volume is called {source}")
            if target == "/models" and name != "models" and mode != ["ro"]:
                faults.append(f"{name} may change weights")
    return faults


def _sizes(service: dict[str, Any], name: str, memory: tuple[str, str]) -> list[str]:
    found = service["deploy"]["resources"]["limits"]["memory"]
    fits = _bytes(memory[0]) <= _bytes(found) <= _bytes(memory[1])
    return [] if fits else [f"{name} has {found} of memory"]


def _seconds(text: str) -> float:
    found = re.fullmatch(r"(\d+)(s|m)", text)
    return float(found[1]) * {"s": 1, "m": 60}[found[2]] if found else 0.0


def _bytes(text: str) -> float:
    found = re.fullmatch(r"([\d.]+)([mg])b?", text.lower())
    return float(found[1]) * {"m": 1 << 20, "g": 1 << 30}[found[2]] if found else 0.0


CHECKS: Final = (
    check_words,
    check_services,
    check_commands,
    check_images,
    check_redis,
    check_scaling,
    check_health,
    check_stop,
    check_variables,
    check_profiles,
    check_limits,
    check_gpu,
    check_large,
    check_mounts,
)
