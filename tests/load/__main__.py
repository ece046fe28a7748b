"""``make load``: starts the whole stack with the fake engine, sends load through its front door, tells what came of it.

What is not known here goes to Locust: ``make load ARGS="--submit-rate 10 --run-time 120s"``.
"""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from stenopool.local.processes import Child, Command
from tests.deploy.breakages import ROOT
from tests.deploy.whole_stack import whole_stack
from tests.load import report
from tests.load.bounds import LONGEST_S
from tests.requirements_table import nginx_program

DOTENV: Final = {
    "ENGINE": "fake",
    "ALLOW_FAKE_ENGINE": "true",
    "MODEL_SIZE": "fake",
    "RATE_LIMIT_SUBMIT": "off",
    "STOP_GRACE_S": "5",
}
"""One key sends all of it; what nginx allows an address stays as shipped."""


def main(arguments: Sequence[str] | None = None) -> int:
    """One run; 1 if there were too many errors."""
    parser = argparse.ArgumentParser(prog="make load", description=__doc__)
    parser.add_argument("--error-limit", type=float, default=0.01, help="share of errors above which it ends with 1")
    parser.add_argument("--locust", default=".venv-load", help="the environment that holds Locust")
    given, for_locust = parser.parse_known_args(arguments)
    if nginx_program() is None or shutil.which("prometheus") is None:
        sys.stderr.write("load: nginx and Prometheus are needed: apt-get install nginx prometheus\n")
        return 1
    folder = Path(tempfile.mkdtemp(prefix="stenopool-load-"))
    _say(f"starting the stack; logs and measurements in {folder}")
    prefix = folder / "load"
    with whole_stack(folder / "stack", DOTENV) as stack:
        _say(f"load on {stack.nginx.address}")
        program = ROOT / given.locust / "bin/locust"
        code = _locust(program, stack.nginx.address, stack.secret("api_key"), prefix, for_locust)
    if code:
        words = (folder / "locust.log").read_text(errors="replace").splitlines()
        sys.stderr.write(f"load: Locust ended with {code}: {words[-1] if words else 'without a word'}\n")
        return 1
    return report.main([str(prefix), "--error-limit", str(given.error_limit)])


def _locust(program: Path, host: str, key: str, prefix: Path, more: Sequence[str]) -> int:
    argv = [
        str(program), "--locustfile", "tests/load/locustfile.py", "--headless", "--only-summary",
        "--host", host, "--users", "11", "--spawn-rate", "11", "--run-time", "60s",
        "--csv", str(prefix), "--exit-code-on-error", "0", *more,
    ]  # fmt: skip
    # The key is in no command line, which every user of the machine may read.
    environment = {**os.environ, "LOAD_API_KEY": key, "PYTHONPATH": str(ROOT)}
    # A child that dies with this process, however that ends: nobody else would stop the load.
    locust = Child(Command("locust", argv, prefix.parent / "locust.log", environment, ROOT))
    try:
        locust.wait(LONGEST_S + 60)
    finally:
        locust.kill()
    return locust.exit_code or 0


def _say(text: str) -> None:
    sys.stdout.write(f"load: {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
