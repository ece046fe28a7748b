"""Checks of deploy/systemd: commands, rights, time to stop, settings."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from stenopool.errors import FatalError
from stenopool.settings import SECRETS, Settings, load_settings
from tests.deploy.api_processes import alone, is_patient
from tests.deploy.breakages import Check
from tests.deploy.by_hand import commands
from tests.deploy.systemd.units import FOLDER, Unit, environment, read_unit, services

BIN: Final = "/opt/stenopool/.venv/bin/"

LAST_ACTS_S: Final = 15
"""What a process needs after its grace (docs/explanation/worker.md, "Stopping")."""

NOT_OURS: Final = frozenset({"HF_HOME", "HF_HUB_OFFLINE"})

WHOLE: Final = ("stenopool-api", "stenopool-beat", "stenopool-house", "stenopool-prepare", "stenopool-worker@")

_HARDENED: Final = {
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "ProtectSystem": "strict",
    "ReadWritePaths": "/var/lib/stenopool",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "ProtectKernelTunables": "yes",
    "ProtectKernelModules": "yes",
    "ProtectKernelLogs": "yes",
    "ProtectControlGroups": "yes",
    "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
    "RestrictNamespaces": "yes",
    "RestrictSUIDSGID": "yes",
    "LockPersonality": "yes",
    "SystemCallArchitectures": "native",
    "UMask": "0077",
}


def _check(look: Callable[[Path], Iterator[str]]) -> Check:
    def check(root: Path) -> list[str]:
        try:
            return list(look(root))
        except (OSError, ValueError) as error:
            return [str(error)]

    check.__name__ = look.__name__
    return check


def _command(unit: Unit, root: Path) -> list[str]:
    """The command that systemd would run, with what stands for others filled in; an instance's number is left out."""
    text = unit.last("Service", "ExecStart").removeprefix(BIN).replace("-%i@", "@")
    for name, value in environment(root).items():
        text = text.replace(f"${{{name}}}", value)
    return text.replace("%%", "%").split()


@_check
def commands_by_hand(root: Path) -> Iterator[str]:
    """Every unit runs a command of the page on running each by hand; the API in as many processes as the settings say."""
    known = commands(root)
    found = services(root)
    if sorted(unit.name.removesuffix(".service") for unit in found) != sorted(WHOLE):
        yield "a unit is missing, or one too many is there"
    for unit in found:
        command = _command(unit, root)
        if command[0] == "uvicorn":
            if not is_patient(command):
                yield f"{unit.name}: processes that start together are ended"
            command = alone(command)
        if command not in known:
            yield f"{unit.name}: {' '.join(command)} is no command of run-each-process-by-hand.md"
        if not unit.last("Service", "ExecStart").startswith(BIN):
            yield f"{unit.name}: runs a program of somebody else"


@_check
def hardened(root: Path) -> Iterator[str]:
    """Every unit runs as our user, without rights, on a read-only machine; the housekeeper alone leaves it."""
    for unit in services(root):
        if (unit.last("Service", "User"), unit.last("Service", "Group")) != ("stenopool", "stenopool"):
            yield f"{unit.name}: runs as somebody else"
        for name, value in _HARDENED.items():
            if unit.all("Service", name) != [value]:
                yield f"{unit.name}: {name} is not {value or 'empty'}"
        if unit.all("Service", "SystemCallFilter") != ["@system-service", "~@privileged"]:
            yield f"{unit.name}: may make any system call"
        is_shut = unit.last("Service", "PrivateDevices") == "yes" or unit.last("Service", "DevicePolicy") == "closed"
        if not is_shut:
            yield f"{unit.name}: may open devices"
        stays = unit.all("Service", "IPAddressDeny") == ["any"] and unit.all("Service", "IPAddressAllow") == [
            "localhost"
        ]
        if stays is (unit.name == "stenopool-house.service"):
            yield f"{unit.name}: the housekeeper leaves the machine, and nobody else"


@_check
def stopped_in_time(root: Path) -> Iterator[str]:
    """Every unit may take its grace, children are not signalled twice, and whatever ends is started again."""
    needed = float(environment(root)["STOP_GRACE_S"]) + LAST_ACTS_S
    for unit in services(root):
        if float(unit.last("Service", "TimeoutStopSec") or 0) < needed:
            yield f"{unit.name}: is killed before {needed:.0f} s have passed"
        if unit.last("Service", "KillMode") != "mixed":
            yield f"{unit.name}: a child would hear the signal twice, which means at once"
        if unit.last("Service", "Restart") != "always" or unit.last("Unit", "StartLimitIntervalSec") != "0":
            yield f"{unit.name}: is not started again"


@_check
def settings_valid(root: Path) -> Iterator[str]:
    """Every variable is a setting, and a process would start with them."""
    given = environment(root)
    known = {name.upper() for name in Settings.model_fields} | {f"{name}_FILE" for name in SECRETS} | NOT_OURS
    yield from (f"no setting is called {name}" for name in sorted(given.keys() - known))
    for name in SECRETS:
        if given.pop(f"{name}_FILE", None) is not None:
            given[name] = "made-up-and-long-enough"
    try:
        settings = load_settings({name: value for name, value in given.items() if name not in NOT_OURS})
    except FatalError as error:
        yield error.message
        return
    if any(not str(path).startswith("/var/lib/stenopool/") for path in (settings.data_dir, settings.model_dir)):
        yield "data or weights lie where nothing may be written"


@_check
def held_together(root: Path) -> Iterator[str]:
    """The target starts all but the workers, what is told to it reaches every unit, and one of them holds the clock."""
    wanted = read_unit(root / FOLDER / "stenopool.target").last("Unit", "Wants").split()
    if sorted(wanted) != sorted(f"{name}.service" for name in WHOLE if not name.endswith("@")):
        yield "the target does not start every unit"
    clocks = [unit.name for unit in services(root) if {"-B", "beat"} & set(_command(unit, root))]
    if clocks != ["stenopool-beat.service"]:
        yield f"the clock runs in {', '.join(clocks) or 'no unit'}"
    for unit in services(root):
        if unit.last("Unit", "PartOf") != "stenopool.target" or unit.last("Install", "WantedBy") != "stenopool.target":
            yield f"{unit.name}: is no part of the target"
        if unit.all("Service", "EnvironmentFile")[:1] != ["/etc/stenopool/stenopool.env"]:
            yield f"{unit.name}: has other settings than the others"


@_check
def redis_keeps(root: Path) -> Iterator[str]:
    """Redis evicts nothing, writes everything down and listens here alone."""
    lines = (root / FOLDER / "redis.conf").read_text(encoding="utf-8").splitlines()
    for line in ("maxmemory-policy noeviction", "appendonly yes", "bind 127.0.0.1 -::1"):
        if line not in lines:
            yield f"redis: not {line}"


CHECKS: Final[tuple[Check, ...]] = (
    commands_by_hand,
    hardened,
    stopped_in_time,
    settings_valid,
    held_together,
    redis_keeps,
)
