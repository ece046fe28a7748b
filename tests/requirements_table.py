"""What tests need from the machine: a marker, and a table at the end of what was not run for want of it.

``@pytest.mark.needs("flite")`` skips the test where flite is missing. With ``STENOPOOL_REQUIRE=all`` a missing package
is a failure instead: that is how the continuous integration runs.
"""

import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import pytest

from stenopool.local.errors import StartError
from stenopool.local.redis_binary import MINIMUM, fetch_embedded_redis, redis_version
from tests.small_disk import can_mount

CACHE_DIR: Final = Path(__file__).parent.parent / ".cache"


@dataclass(frozen=True, slots=True)
class Requirement:
    """Something outside the lock. ``remedy`` is the line that gets it."""

    is_met: Callable[[], bool]
    remedy: str
    from_debian: bool = True
    """Whether continuous integration can install it, so that its absence is a failure there."""


def _program(name: str, package: str = "") -> Requirement:
    return Requirement(lambda: shutil.which(name) is not None, f"apt-get install {package or name}")


def nginx_program() -> str | None:
    """The machine's nginx; Debian keeps it where only root looks by itself."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")


def _redis_on_path() -> bool:
    found = shutil.which("redis-server")
    return found is not None and (redis_version(Path(found)) or (0,)) >= MINIMUM


def _node_with_npm() -> bool:
    """The official JavaScript client needs a Node whose ``File`` is global, which 20 was the first to have."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return False
    version = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30, check=False).stdout
    return int(version.removeprefix("v").partition(".")[0] or 0) >= 20


def _redis_from_wheel() -> bool:
    try:
        return fetch_embedded_redis(CACHE_DIR).exists()
    except StartError:
        return False


def _variable(name: str) -> bool:
    return bool(os.environ.get(name))


REQUIREMENTS: Final = {
    "redis": Requirement(lambda: _redis_on_path() or _redis_from_wheel(), "apt-get install redis-server"),
    "redis-server": Requirement(_redis_on_path, "apt-get install redis-server"),
    "redis-6.2": Requirement(_redis_from_wheel, "Linux on x86-64 with glibc, and the package index", from_debian=False),
    "flite": _program("flite"),
    "espeak-ng": _program("espeak-ng"),
    "make": _program("make"),
    "curl": _program("curl"),
    "chromium": _program("chromium"),
    "nginx": Requirement(lambda: nginx_program() is not None, "apt-get install nginx"),
    "promtool": _program("promtool", "prometheus"),
    "systemd-analyze": _program("systemd-analyze", "systemd"),
    # Not in Debian; what needs it is compared with our own, which runs everywhere.
    "kubectl": Requirement(
        lambda: shutil.which("kubectl") is not None, "kubectl (kubernetes.io/docs/tasks/tools)", from_debian=False
    ),
    "node": Requirement(
        # Debian 12 has Node 18.
        _node_with_npm,
        "Node 20 or newer with npm",
        from_debian=False,
    ),
    "pocketsphinx": Requirement(
        lambda: find_spec("pocketsphinx") is not None,
        "Python 3.11 or 3.13, or 3.12 on x86-64: there is no other wheel of PocketSphinx",
        from_debian=False,
    ),
    "small-disk": Requirement(can_mount, "root that may mount a tmpfs", from_debian=False),
    "audio": Requirement(
        partial(_variable, "STENOPOOL_TEST_AUDIO"),
        "set STENOPOOL_TEST_AUDIO to a folder of human speech (docs/how-to/run-the-tests.md)",
        from_debian=False,
    ),
    "gpu": Requirement(
        Path("/proc/driver/nvidia/version").exists,
        "a GPU of NVIDIA and its driver (scripts/check_gpu.sh)",
        from_debian=False,
    ),
    "model": Requirement(
        partial(_variable, "STENOPOOL_TEST_MODEL"),
        "set STENOPOOL_TEST_MODEL to the name or folder of real Whisper weights",
        from_debian=False,
    ),
}


@cache
def _is_met(name: str) -> bool:
    return REQUIREMENTS[name].is_met()


def need(*names: str) -> None:
    """Skips the running test, or fails it with ``STENOPOOL_REQUIRE=all``, unless the machine has all of ``names``."""
    for name in names:
        if _is_met(name):
            continue
        reason = f"needs {name}: {REQUIREMENTS[name].remedy}"
        if os.environ.get("STENOPOOL_REQUIRE") == "all" and REQUIREMENTS[name].from_debian:
            pytest.fail(f"{reason} (STENOPOOL_REQUIRE=all)", pytrace=False)
        pytest.skip(reason)


class RequirementsTable:
    """The pytest plugin of this page."""

    def pytest_configure(self, config: pytest.Config) -> None:
        """Makes the marker known."""
        config.addinivalue_line("markers", "needs(*names): what the test needs from the machine, see REQUIREMENTS")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Refuses a requirement that nobody can look for."""
        for item in items:
            unknown = {name for mark in item.iter_markers("needs") for name in mark.args} - REQUIREMENTS.keys()
            if unknown:
                raise pytest.UsageError(f"{item.nodeid} needs {', '.join(sorted(unknown))}: not in REQUIREMENTS")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Looks before any fixture is made."""
        for mark in item.iter_markers("needs"):
            need(*mark.args)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Says what was not run, and the line that changes it."""
        rows = table(report.longrepr for report in terminalreporter.stats.get("skipped", []))
        if rows:
            terminalreporter.section("not run here")
            for row in rows:
                terminalreporter.write_line(row)


def table(skips: Iterable[object]) -> list[str]:
    """One line per reason, from pytest's ``(path, line, reason)`` of skipped tests."""
    counted = Counter(str(skip[2]).removeprefix("Skipped: ") for skip in skips if isinstance(skip, tuple))
    return [
        f"not run here: {number} {'test' if number == 1 else 'tests'}, {reason}"
        for reason, number in sorted(counted.items())
    ]
