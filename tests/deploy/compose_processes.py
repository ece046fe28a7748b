"""The services of docker-compose.yml as plain processes on loopback: what containers would run, without an engine.

Command, environment and health check are read from the file and run as they stand, but for what a container changes:
a mounted folder is a folder below ``folder``, another service's name is 127.0.0.1, and each service has free ports. The
second process of a service is on 127.0.0.2, at the port of the first, as containers of one name are.
The environment of our images comes from their Dockerfiles. Users, limits and networks are not looked at.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from stenopool.local.ports import LOOPBACK, free_port
from stenopool.local.processes import Child, Command
from tests.deploy.breakages import ROOT
from tests.deploy.compose.compose_file import services
from tests.deploy.images.dockerfile import lineage
from tests.waiting import wait_until

PORTS: Final = {6379: "redis", 8000: "api", 5555: "flower", 9090: "prometheus", 3000: "grafana", 80: "nginx"}
"""Ports that one service has; any other, as that of a worker's metrics, is each process's own."""

OWN_PORT: Final = 9464

ENTRY_POINTS: Final = {"prometheus": ["prometheus"]}
"""Programs of images whose command is only its arguments."""

START_LIMIT_S: Final = 120.0
STOP_LIMIT_S: Final = 45.0

_NOT_FROM_THE_IMAGE: Final = {"PATH", "PYTHONPATH", "HOME", "LD_LIBRARY_PATH"}


def host(number: int = 1) -> str:
    """Where the process of this number listens."""
    return f"127.0.0.{number}"


class ComposeProcesses:
    """Processes of the services, stopped in the reverse order of their start at the end."""

    def __init__(self, folder: Path, dotenv: Mapping[str, str], programs: tuple[Path, ...] = ()) -> None:
        """``dotenv`` is what stands in .env; ``programs`` are folders searched before PATH, after this environment's.

        ``folder/secrets`` holds what ``make secrets`` made; each volume becomes a folder of its name.
        """
        self.folder = folder
        self.working_dir = folder / "working-dir"
        """Where all of them run. The root of a container is read-only, so nothing may be written here."""
        self._dotenv = dict(dotenv)
        self._services = services(ROOT, variables=dotenv)
        self._path = os.pathsep.join([str(Path(sys.executable).parent), *map(str, programs), os.environ["PATH"]])
        self._ports: dict[tuple[str, int, int], int] = {}
        self._children: dict[tuple[str, int], Child] = {}
        self.replaced: dict[str, Path] = {}
        """Folder in the container -> another than the file mounts there, where shipped files name addresses."""
        self.working_dir.mkdir(parents=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for child in reversed(self._children.values()):
            child.stop(STOP_LIMIT_S)

    @property
    def children(self) -> Mapping[tuple[str, int], Child]:
        """Service and number -> its process, in the order of their start."""
        return self._children

    def port(self, service: str, port: int, number: int = 1) -> int:
        """The loopback port that stands for a container's ``port``."""
        key = (service, port, number)
        if key not in self._ports:
            self._ports[key] = free_port()
        return self._ports[key]

    def address(self, service: str, port: int, number: int = 1) -> str:
        """Host and port of a process that stand for a container's ``port``."""
        return f"{host(number)}:{self.port(service, port, number if port == OWN_PORT else 1)}"

    def start(self, service: str, number: int = 1, more: tuple[str, ...] = ()) -> Child:
        """Starts one process of a service, ``more`` behind its command; it may not be ready yet."""
        log = self.folder / "logs" / f"{service}-{number}.log"
        argv = [*self._command(service, number), *more]
        child = Child(Command(service, argv, log, self.environment(service, number), self.working_dir))
        self._children[service, number] = child
        return child

    def run(self, service: str) -> "subprocess.CompletedProcess[str]":
        """Runs a service that ends by itself."""
        return self._run(service, 1, self._command(service, 1))

    def check(self, service: str, number: int = 1) -> "subprocess.CompletedProcess[str]":
        """Runs the service's health check once."""
        kind, *test = self._services[service]["healthcheck"]["test"]
        argv = ["sh", "-c", test[0]] if kind == "CMD-SHELL" else test
        return self._run(service, number, [self._here(service, number, word) for word in argv])

    def wait_healthy(self, service: str, number: int = 1) -> None:
        """Waits until the health check of a started process says yes; a process that ended never will."""

        def is_healthy() -> bool:
            child = self._children[service, number]
            assert child.exit_code is None, f"{service} ended ({child.exit_code}):\n{child.log_tail()}"
            return self.check(service, number).returncode == 0

        wait_until(is_healthy, START_LIMIT_S, f"a healthy {service}", every_s=0.5)

    def environment(self, service: str, number: int = 1) -> dict[str, str]:
        """What the process finds: its image's variables, .env, and what the file says, the last one winning."""
        of = self._services[service]
        found: dict[str, str] = {}
        if "build" in of:
            found = _of_image(ROOT / of["build"]["dockerfile"]) | {"PYTHONPATH": str(ROOT)}
        if "env_file" in of:
            found |= self._dotenv
        found |= {name: str(value) for name, value in of.get("environment", {}).items()}
        # Of words alone a host's name cannot be told from a queue's.
        hosts = {name for name, value in found.items() if name.endswith("_HOST") and value in self._services}
        here = {
            name: LOOPBACK if name in hosts else self._here(service, number, value) for name, value in found.items()
        }
        # The project itself is found by the place of its code, which no mount changes.
        return here | {"PATH": self._path, "HOME": str(self.folder), "LANG": "C.UTF-8"}

    def _command(self, service: str, number: int) -> list[str]:
        command = self._services[service]["command"]
        words = shlex.split(command) if isinstance(command, str) else [str(word) for word in command]
        words = [*ENTRY_POINTS.get(service, ()), *words]
        return [self._here(service, number, word) for word in words]

    def _run(self, service: str, number: int, argv: list[str]) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            argv,
            cwd=self.working_dir,
            env=self.environment(service, number),
            capture_output=True,
            text=True,
            timeout=START_LIMIT_S,
            check=False,
        )

    def _here(self, service: str, number: int, text: str) -> str:
        """A word of the file as it reads outside of a container."""
        text = text.replace("0.0.0.0", host(number))
        for target, source in self._mounts(service).items():
            text = re.sub(rf"(?<![\w./]){re.escape(target)}(?![\w.-])", str(source), text)
        for port in (*PORTS, OWN_PORT):
            owner = PORTS.get(port, service)
            stands_for = self.port(owner, port, number if port == OWN_PORT else 1)
            text = re.sub(rf"(?<![\w./-]){port}(?![\w.-])", str(stands_for), text)
        return text

    def _mounts(self, service: str) -> dict[str, Path]:
        found = {"/run/secrets": self.folder / "secrets"}
        for mount in self._services[service].get("volumes", []):
            source, target = mount.split(":")[:2]
            found[target] = ROOT / source if source.startswith(".") else self.folder / source
            if not source.startswith("."):
                found[target].mkdir(exist_ok=True)
        return found | self.replaced


def _of_image(dockerfile: Path) -> dict[str, Any]:
    """Variables that an image gives to its processes, without those of its own file system."""
    given = [found.pairs for found in lineage(dockerfile) if found.word == "ENV"]
    return {name: value for pairs in given for name, value in pairs.items() if name not in _NOT_FROM_THE_IMAGE}
