"""The API as a process of its own: uvicorn with an operator's arguments, on a free loopback port."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from stenopool.local.ports import LOOPBACK, free_port
from stenopool.local.processes import Child, Command
from stenopool.settings import child_environment
from tests.waiting import wait_until
from tests.warm_start import WarmChild

START_LIMIT_S = 30.0


class ApiServer:
    """One uvicorn process."""

    def __init__(
        self,
        redis_url: str,
        data_dir: Path,
        settings: Mapping[str, str] | None = None,
        arguments: Sequence[str] = (),
        host: str = LOOPBACK,
        start: type[Child] | type[WarmChild] = WarmChild,
    ) -> None:
        """``start=Child`` starts it by the command line that an operator types, which takes ten times as long."""
        self.port = free_port()
        self.data_dir = data_dir
        environment = child_environment(
            {
                "REDIS_URL": redis_url,
                "DATA_DIR": str(data_dir),
                "MODEL_SIZE": "demo",
                # What is limited is tested where it is; elsewhere a test submits as often as it likes.
                "RATE_LIMIT_SUBMIT": "off",
                **(settings or {}),
            }
        )
        argv = [
            "-m",
            "uvicorn",
            "--factory",
            "api.main:create_app",
            "--host",
            host,
            "--port",
            str(self.port),
            *arguments,
        ]
        self.child = start(Command("api", [sys.executable, *argv], data_dir / "api.log", environment))

    @property
    def address(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def spool(self) -> list[Path]:
        return list((self.data_dir / "spool").iterdir())

    def wait(self) -> None:
        """Waits until it answers."""
        wait_until(self._answers, START_LIMIT_S, "the API to answer")

    def memory_kb(self, field: str = "VmRSS") -> int:
        """A line of /proc/<pid>/status, kB."""
        text = Path(f"/proc/{self.child.pid}/status").read_text()
        return next(int(line.split()[1]) for line in text.splitlines() if line.startswith(f"{field}:"))

    def reset_peak_memory(self) -> None:
        """VmHWM begins anew."""
        Path(f"/proc/{self.child.pid}/clear_refs").write_text("5")

    def holds_open(self, file: Path) -> bool:
        """Whether the process has the file open."""
        links = Path(f"/proc/{self.child.pid}/fd").iterdir()
        return any(link.samefile(file) for link in links if link.exists())

    def _answers(self) -> bool:
        assert self.child.exit_code is None, self.child.log_tail()
        try:
            return httpx.get(f"{self.address}/health/live", trust_env=False, timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    def __enter__(self) -> Self:
        self.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.child.stop(15)
