"""Everything that docker-compose.yml starts, as plain processes from the shipped files, with nginx in front."""

import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from tests.deploy.breakages import ROOT
from tests.deploy.compose_processes import ComposeProcesses, host
from tests.deploy.nginx.little_dns import LittleDns
from tests.deploy.nginx.running_nginx import Nginx, Ports
from tests.deploy.watching_prometheus import Prometheus
from tests.waiting import wait_until

SMALL: Final = {"WORKERS": "1", "REDIS_MAXMEMORY": "64mb", "WORKER_CPUS": "1", "STOP_GRACE_S": "5"}
"""Smaller than as shipped, for a machine that does other things besides."""

COUNTS: Final = {"api": 2, "prepare": 1, "worker": 2, "house": 1, "beat": 1, "flower": 1}
"""Our processes, in the order of their start."""

_START_LIMIT_S: Final = 90.0
_ENDED: Final = ("completed", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class WholeStack:
    """What runs, and its front door."""

    processes: ComposeProcesses
    nginx: Nginx
    prometheus: Prometheus

    def secret(self, name: str) -> str:
        """What ``make secrets`` made."""
        return (self.processes.folder / "secrets" / name).read_text().strip()

    @property
    def redis_url(self) -> str:
        """Redis as the processes know it."""
        return f"redis://:{self.secret('redis_password')}@{self.processes.address('redis', 6379)}/0"

    def client(self) -> httpx.Client:
        """One that comes through the front door with a key."""
        headers = {"X-API-Key": self.secret("api_key")}
        return httpx.Client(base_url=self.nginx.address, headers=headers, trust_env=False, timeout=30)

    def flower(self) -> httpx.Client:
        """One of Flower's that has the password."""
        address = f"http://{self.processes.address('flower', 5555)}/flower"
        return httpx.Client(base_url=address, auth=("stenopool", self.secret("flower_password")), trust_env=False)

    def expositions(self) -> Iterator[str]:
        """What each process that Prometheus asks tells now, but Prometheus itself."""
        headers = {"Authorization": f"Bearer {self.secret('metrics_token')}"}
        for job, addresses in self.prometheus.targets.items():
            path = "/flower/metrics" if job == "flower" else "/metrics"
            for address in addresses if job != "prometheus" else ():
                answer = httpx.get(f"http://{address}{path}", headers=headers, trust_env=False, timeout=10)
                assert answer.status_code == 200
                yield answer.text

    def submit(self, media: Path) -> str:
        """The id of a new job, taken in through the front door."""
        with self.client() as client, media.open("rb") as file:
            answer = client.post("/transcribe", files={"file": (media.name, file)})
        assert answer.status_code == 202, answer.text
        return str(answer.json()["job_id"])

    def ended(self, job_id: str) -> str:
        """How the job ended."""
        with self.client() as client:
            wait_until(
                lambda: client.get(f"/status/{job_id}").json()["status"] in _ENDED, 90, "the job's end", every_s=0.2
            )
            return str(client.get(f"/status/{job_id}").json()["status"])


@contextmanager
def whole_stack(folder: Path, dotenv: Mapping[str, str]) -> Iterator[WholeStack]:
    """All of it, ready for work; stopped in the reverse order of its start.

    Raises:
        AssertionError: something did not start, or had to be killed because it did not stop.
    """
    folder.mkdir(exist_ok=True)
    subprocess.run(
        [sys.executable, "scripts/make_secrets.py", str(folder / "secrets")], cwd=ROOT, check=True, capture_output=True
    )
    with ExitStack() as running:
        processes = running.enter_context(ComposeProcesses(folder, {**SMALL, **dotenv}))
        processes.start("redis")
        processes.wait_healthy("redis")
        if dotenv.get("ENGINE") != "fake":
            fetched = processes.run("models")
            assert fetched.returncode == 0, fetched.stderr
        for service, count in COUNTS.items():
            for number in range(1, count + 1):
                # Containers of one service have a host name each; here they share one.
                name = ("-n", f"recognise-{number}@%h") if service == "worker" else ()
                processes.start(service, number, more=name)
        prometheus = Prometheus(processes, COUNTS)
        prometheus.start()
        nginx = running.enter_context(_nginx(processes))
        for service in COUNTS:
            processes.wait_healthy(service)
        wait_until(lambda: _answer(processes), _START_LIMIT_S, "both APIs", every_s=0.2)
        yield WholeStack(processes, nginx, prometheus)
    killed = [name for name, child in processes.children.items() if child.exit_code == -signal.SIGKILL]
    assert killed == [], [processes.children[name].log_tail() for name in killed]


@contextmanager
def _nginx(processes: ComposeProcesses) -> Iterator[Nginx]:
    with LittleDns() as dns:
        dns.names["api.test"] = [host(number) for number in range(1, COUNTS["api"] + 1)]
        dns.names["flower.stub"] = [host()]
        ports = Ports(dns=dns.port, api=processes.port("api", 8000), stub=processes.port("flower", 5555))
        with Nginx(processes.folder / "nginx", ports) as nginx:
            yield nginx


def _answer(processes: ComposeProcesses) -> bool:
    # Their health check asks on 127.0.0.1, which in a container is itself: of the second it knows nothing here.
    try:
        return all(
            httpx.get(f"http://{host(number)}:{processes.port('api', 8000)}/health/live", trust_env=False).is_success
            for number in range(1, COUNTS["api"] + 1)
        )
    except httpx.TransportError:
        return False
