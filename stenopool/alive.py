"""What a container's health check runs: ``python -m stenopool.alive api|flower|worker|house|beat [--ready]``.

API and Flower are asked on their port (``--port``); the others are known by their heartbeat, for they have no port to ask at. Says
one line, and ends with 0 for yes and 1 for no. Without ``--ready`` a worker that still loads its model is well.
"""

import argparse
import http.client
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from stenopool.errors import FatalError
from stenopool.heartbeat import last_beat
from stenopool.settings import load_settings

LOOPBACK: Final = "127.0.0.1"

FLOWER_PORT: Final = 5555

LONGEST_SILENCE_S: Final = {"worker": 60.0, "house": 120.0, "beat": 120.0}
"""Many rounds of each: a worker's main process makes five a second, the housekeeper one in two seconds, the clock one
in ten at most. An outage of Redis holds each of them up for some seconds a round."""

_ASK_LIMIT_S: Final = 5.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Looks once; the exit status."""
    given = _parser().parse_args(arguments)
    try:
        settings = load_settings()
    except FatalError as error:
        return _say(error.message)
    match given.process:
        case "api":
            fault = unanswered(given.port or settings.api_port, "/health/ready" if given.ready else "/health/live")
        case "flower":
            fault = unanswered(given.port or FLOWER_PORT, "/flower/healthcheck")
        case _:
            fault = unheard(settings.data_dir / "run", given.process, must_be_ready=given.ready)
    return _say(fault)


def unanswered(port: int, path: str) -> str | None:
    """What is wrong with the answer of this machine's server at ``port``; None for a good one."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=_ASK_LIMIT_S)
    try:
        connection.request("GET", path)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"no answer on port {port}: {type(error).__name__}"
    finally:
        connection.close()
    return None if status == http.HTTPStatus.OK else f"{path} answers {status}"


def unheard(run_dir: Path, process: str, *, must_be_ready: bool) -> str | None:
    """What is wrong with the heartbeat of ``process`` on this host; None for a sound one."""
    beat = last_beat(run_dir, process)
    if beat is None:
        return "no sign of life yet"
    if beat.silent_s > LONGEST_SILENCE_S[process]:
        return f"silent for {beat.silent_s:.0f} s"
    return "alive, not ready yet" if must_be_ready and not beat.is_ready else None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m stenopool.alive", description="Looks whether a process is well.")
    parser.add_argument("process", choices=("api", "flower", *LONGEST_SILENCE_S))
    parser.add_argument("--port", type=int, help="where API (API_PORT) or Flower (5555) listens")
    parser.add_argument("--ready", action="store_true", help="asks whether it can do its work, too")
    return parser


def _say(fault: str | None) -> int:
    sys.stdout.write(f"{fault or 'well'}\n")
    return 1 if fault else 0


if __name__ == "__main__":
    sys.exit(main())
