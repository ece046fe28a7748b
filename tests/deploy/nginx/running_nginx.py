"""The real nginx from the shipped files; only where everything is differs, on loopback and free ports."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import httpx

from stenopool.local.ports import LOOPBACK, free_port
from stenopool.local.processes import Child, Command
from tests.deploy.breakages import ROOT
from tests.requirements_table import nginx_program
from tests.waiting import wait_until

CLIENT: Final = "X-Test-Client"
"""Names the address that a test's request is to come from: loopback has only one."""

_PLACE: Final = """\
resolver 127.0.0.1:{dns} valid=1s ipv6=off;
resolver_timeout 5s;
map $host $api {{
    default "api.test:{port}";
    "~^(?<stub>[a-z0-9]+\\.stub)$" "$stub:{stub_port}";
}}
map "" $flower {{ default "flower.stub:{stub_port}"; }}
access_log {folder}/access.log stenopool;

set_real_ip_from 127.0.0.1;
real_ip_header {client};
client_body_temp_path {folder}/body;
proxy_temp_path {folder}/proxy;
fastcgi_temp_path {folder}/fastcgi;
uwsgi_temp_path {folder}/uwsgi;
scgi_temp_path {folder}/scgi;
"""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the API listens, its stand-ins, and who knows their addresses."""

    dns: int
    api: int
    stub: int


class Nginx:
    """One nginx with its two doors; with ``certificate`` (a folder) everybody's speaks TLS."""

    def __init__(self, folder: Path, ports: Ports, certificate: Path | None = None) -> None:
        self.folder = folder
        self.public, self.insiders, self.tls = free_port(), free_port(), free_port()
        self._write(ports, certificate)
        self._child: Child | None = None

    @property
    def address(self) -> str:
        """Everybody's door."""
        return f"http://{LOOPBACK}:{self.public}"

    @property
    def insiders_address(self) -> str:
        """The other one."""
        return f"http://{LOOPBACK}:{self.insiders}"

    def log(self) -> list[dict[str, Any]]:
        """What the access log says, a line for a request."""
        path = self.folder / "access.log"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def test(self) -> str:
        """What ``nginx -t`` says."""
        argv = [*self._argv, "-t"]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=30)
        return done.stderr

    @property
    def _argv(self) -> list[str]:
        directives = f"daemon off; pid {self.folder}/nginx.pid; error_log {self.folder}/error.log warn;"
        return [
            nginx_program() or "nginx",
            "-e",
            str(self.folder / "error.log"),
            "-c",
            str(self._etc / "nginx.conf"),
            "-g",
            directives,
        ]

    @property
    def _etc(self) -> Path:
        return self.folder / "etc"

    def _write(self, ports: Ports, certificate: Path | None) -> None:
        shutil.copytree(ROOT / "nginx", self._etc)
        place = _PLACE.format(dns=ports.dns, port=ports.api, stub_port=ports.stub, folder=self.folder, client=CLIENT)
        (self._etc / "conf.d/place.conf").write_text(place)
        listens = {"public": f"{self.public} default_server", "insiders": str(self.insiders)}
        listens["tls"] = f"{self.tls} ssl http2 default_server"
        for name, port in listens.items():
            (self._etc / f"snippets/listen_{name}.conf").write_text(f"listen {LOOPBACK}:{port};\n")
        if certificate is not None:
            door = self._etc / "conf.d/front-door.conf"
            door.write_text(door.read_text().replace("server_http.conf;\n", "server_https.conf;\n", 1))
            tls = self._etc / "snippets/tls.conf"
            tls.write_text(tls.read_text().replace("/etc/nginx/tls", str(certificate)))

    def _answers(self) -> bool:
        assert self._child is not None
        assert self._child.exit_code is None, (self.folder / "error.log").read_text()
        try:
            httpx.get(f"{self.insiders_address}/.problem", trust_env=False, timeout=2)
        except httpx.TransportError:
            return False
        return True

    def __enter__(self) -> Self:
        self._child = Child(Command("nginx", self._argv, self.folder / "nginx.out"))
        wait_until(self._answers, 10, "nginx to answer")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._child is not None:
            self._child.stop(5)
