"""The shipped Prometheus as a process: who is where is written into its configuration instead of being asked of a DNS."""

import shutil
from collections.abc import Mapping
from typing import Any, Final

import httpx
import yaml

from tests.deploy.breakages import ROOT
from tests.deploy.compose_processes import ComposeProcesses, host

NAME: Final = "stenopool"


class Prometheus:
    """Prometheus of docker-compose.yml, which scrapes twice a second; ``targets`` are the addresses of each job."""

    def __init__(self, processes: ComposeProcesses, counts: Mapping[str, int]) -> None:
        self._processes = processes
        self.targets = {"prometheus": [f"{host()}:{processes.port('prometheus', 9090)}"]}
        folder = processes.folder / "etc-prometheus"
        shutil.copytree(ROOT / "monitoring/prometheus", folder)
        config: dict[str, Any] = yaml.safe_load((folder / "prometheus.yml").read_text())
        config["global"].update(scrape_interval="500ms", scrape_timeout="500ms", evaluation_interval="1s")
        for job in config["scrape_configs"]:
            self._put_in(job, counts)
        text = yaml.safe_dump(config).replace("/run/secrets", str(processes.folder / "secrets"))
        (folder / "prometheus.yml").write_text(text)
        processes.replaced["/etc/prometheus"] = folder

    def start(self) -> None:
        """Starts it; it may not answer yet."""
        self._processes.start("prometheus", more=(f"--web.listen-address={self.targets['prometheus'][0]}",))

    def ask(self, path: str, **parameters: str) -> Any:
        """What its API answers."""
        secrets = self._processes.folder / "secrets"
        answer = httpx.get(
            f"http://{self.targets['prometheus'][0]}/api/v1/{path}",
            params=parameters,
            auth=(NAME, (secrets / "prometheus_password").read_text().strip()),
            trust_env=False,
            timeout=10,
        )
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def value(self, query: str) -> float | None:
        """The one value of an instant query; None where there is none."""
        found = self.ask("query", query=query)["result"]
        return float(found[0]["value"][1]) if found else None

    def reached(self) -> dict[str, str]:
        """Address of each target -> up, or what is wrong with it."""
        return {
            target["labels"]["instance"]: "up" if target["health"] == "up" else target["lastError"] or target["health"]
            for target in self.ask("targets")["activeTargets"]
        }

    def _put_in(self, job: dict[str, Any], counts: Mapping[str, int]) -> None:
        name = job["job_name"]
        if "dns_sd_configs" in job:
            [found] = job.pop("dns_sd_configs")
            [service] = found["names"]
            self.targets[name] = self._addresses(service, found["port"], counts[service])
        else:
            assert job.pop("static_configs") == [{"targets": ["localhost:9090"]}]
        job["static_configs"] = [{"targets": self.targets[name]}]

    def _addresses(self, service: str, port: int, count: int) -> list[str]:
        return [self._processes.address(service, port, number) for number in range(1, count + 1)]
