"""What the containers of the compose files may do: as whom, whom they reach, what they know."""

import ast
import re
from pathlib import Path
from typing import Any, Final

from stenopool.settings import SECRETS, Settings
from tests.deploy.compose.checks import OURS
from tests.deploy.compose.compose_file import BASE, GPU, LARGE, load, services

REACH_THE_OUTSIDE: Final = {"house", "models"}
PUBLISHED: Final = {"nginx", "flower", "prometheus", "grafana"}
LOOPBACK: Final = "127.0.0.1"
LIBRARY_VARIABLES: Final = {"HF_HUB_OFFLINE"}
"""Variables of libraries, which are no settings of ours."""

_SECRET: Final = re.compile(r"PASSWORD|TOKEN|SECRET|API_KEY|JWT_KEY|BASIC_AUTH")
_FORBIDDEN: Final = ("privileged", "cap_add", "network_mode", "pid", "ipc", "devices", "extends")


def check_rights(root: Path) -> list[str]:
    """No root, no capability, a root file system that takes no writes, and nothing that opens it again."""
    faults = []
    for names in ((BASE,), (BASE, GPU), (BASE, LARGE)):
        for name, service in services(root, *names).items():
            user = str(service.get("user", "0")).partition(":")[0]
            if user in ("0", "root", ""):
                faults.append(f"{name} runs as root")
            if name in OURS and service.get("user") != "10001:10001":
                faults.append(f"{name} runs as another than its image's user")
            if service.get("read_only") is not True or not service.get("tmpfs"):
                faults.append(f"{name} may write to its root, or has no place for temporary files")
            if service.get("cap_drop") != ["ALL"] or "no-new-privileges:true" not in service.get("security_opt", []):
                faults.append(f"{name} keeps capabilities")
            # Ours have tini as their entry point.
            if name not in OURS and service.get("init") is not True:
                faults.append(f"{name} has nobody who buries its orphans")
            faults += [f"{name} has {key}" for key in _FORBIDDEN if key in service]
            if "docker.sock" in str(service.get("volumes", "")):
                faults.append(f"{name} may give orders to Docker")
    return faults


def check_ports(root: Path) -> list[str]:
    """Whatever is published is published to this machine alone, and only what people look at."""
    faults = []
    for name, service in services(root).items():
        ports = service.get("ports", [])
        if ports and name not in PUBLISHED:
            faults.append(f"{name} is published")
        faults += [f"{name}: {port} is open to others" for port in ports if not str(port).startswith(f"{LOOPBACK}:")]
    return faults + [f"{name} is not published" for name in PUBLISHED if not services(root)[name].get("ports")]


def check_networks(root: Path) -> list[str]:
    """House and models alone reach the outside; Redis is seen by our processes; nginx alone stands before the API."""
    networks, found = load(root)["networks"], services(root)
    quiet = {name for name, network in networks.items() if network.get("internal") is True}
    masked = "com.docker.network.bridge.enable_ip_masquerade"
    edge = {name for name, network in networks.items() if network.get("driver_opts", {}).get(masked) == "false"}
    faults = []
    for name, service in found.items():
        on = set(service.get("networks", ["default"]))
        if (on - quiet - edge != set()) is not (name in REACH_THE_OUTSIDE):
            faults.append(f"{name}: reaches the outside, or must and does not")
        if name in PUBLISHED and not on & edge:
            faults.append(f"{name} is on internal networks alone: Docker publishes none of its ports")
    if found["redis"]["networks"] != ["back"] or "back" not in quiet:
        faults.append("redis is seen from other networks")
    front = networks["front"].get("ipam", {}).get("config", [{}])[0].get("subnet")
    if found["api"]["environment"].get("FORWARDED_ALLOW_IPS") != front:
        faults.append("the API believes other proxies than those of its network")
    neighbours = {name for name, service in found.items() if "front" in service["networks"]}
    return faults + ([] if neighbours == {"nginx", "api"} else ["others than nginx are believed by the API"])


def check_secrets(root: Path) -> list[str]:
    """Secrets are files of ``make secrets``, shown to whom they concern; none stands in a file or an environment."""
    declared = load(root)["secrets"]
    made = _made_by_make_secrets(root / "scripts/make_secrets.py")
    faults = [
        f"secret {name} is not made by make secrets"
        for name, place in declared.items()
        if name not in made or place != {"file": f"./secrets/{name}"}
    ]
    for name, service in services(root).items():
        given = service.get("secrets", [])
        faults += [f"{name} is shown {secret}, which nobody declares" for secret in given if secret not in declared]
        used = set(re.findall(r"/run/secrets/(\w+)", str(service)))
        faults += [f"{name} is not shown {secret}" for secret in used if secret not in given]
        for variable, value in service.get("environment", {}).items():
            if _SECRET.search(variable) and not (variable.endswith("_FILE") and str(value).startswith("/run/secrets/")):
                faults.append(f"{name}: {variable} stands in the environment")
    return faults + _logins(services(root))


def check_environment(root: Path) -> list[str]:
    """Each variable of our processes is a setting of theirs, and together they are settings that a process takes."""
    known = {name.upper() for name in Settings.model_fields} | {f"{name}_FILE" for name in SECRETS} | LIBRARY_VARIABLES
    faults = []
    for names in ((BASE,), (BASE, GPU), (BASE, LARGE)):
        found = services(root, *names)
        for name in OURS:
            given = found[name].get("environment", {})
            faults += [f"{name}: {variable} is no setting" for variable in given if variable not in known]
            plain = {key.lower(): value for key, value in given.items() if key.lower() in Settings.model_fields}
            try:
                Settings.model_validate(plain)
            except ValueError as error:
                faults.append(f"{name} would not start: {error}")
    return faults


def _logins(found: dict[str, dict[str, Any]]) -> list[str]:
    """Whoever looks at a page of the monitoring has logged in, under a name and a password that nobody guesses."""
    grafana = found["grafana"]["environment"]
    faults = []
    if grafana.get("GF_SECURITY_ADMIN_USER", "admin") == "admin":
        faults.append("grafana: its administrator is called admin")
    if "GF_SECURITY_ADMIN_PASSWORD__FILE" not in grafana or grafana.get("GF_AUTH_ANONYMOUS_ENABLED") != "false":
        faults.append("grafana lets in strangers")
    if "--conf=/run/secrets/flower_config" not in found["flower"]["command"]:
        faults.append("flower lets in strangers")
    if "--web.config.file=/run/secrets/prometheus_web_config" not in found["prometheus"]["command"]:
        faults.append("prometheus lets in strangers")
    return faults


def _made_by_make_secrets(script: Path) -> set[str]:
    """Names in the script's two tables; read and not imported, for it may be a copy with a fault."""
    tables = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in ast.parse(script.read_text("utf-8")).body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id in ("RANDOM", "MADE_OF")
    }
    return set(tables["RANDOM"]) | set(tables["MADE_OF"])


CHECKS: Final = (check_rights, check_ports, check_networks, check_secrets, check_environment)
