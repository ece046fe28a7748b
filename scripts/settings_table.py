"""Writes the settings into README.md and .env.example: ``scripts/settings_table.py [--check]``.

Both are made from the one class ``Settings``, so that neither can tell another story than the code.
"""

import sys
from datetime import timedelta
from pathlib import Path
from typing import Final

from stenopool.durations import format_duration
from stenopool.settings import SECRETS, Settings

ROOT: Final = Path(__file__).resolve().parent.parent
_BEGIN: Final = "<!-- settings: made by scripts/settings_table.py -->\n"
_END: Final = "<!-- end of settings -->"
_EXAMPLE_HEAD: Final = """\
# All settings with their defaults; made by scripts/settings_table.py. Copy to .env, change what you need, and give the
# same ones to every process of an installation: set -a; . ./.env; set +a
# docker compose reads .env by itself. With it, REDIS_*, DATA_DIR, MODEL_DIR, API_HOST, API_PORT, ENVIRONMENT and the
# secrets are settled in docker-compose.yml; secrets lie in secrets/ (make secrets), never here.
"""
_COMPOSE_HEAD: Final = """
# What follows is read by docker compose alone (docker-compose.yml).

# What is started beside the platform: monitoring is Flower, Prometheus and Grafana; empty for none of them.
COMPOSE_PROFILES=monitoring
"""
_COMPOSE: Final = (
    ("BIND_ADDRESS", "127.0.0.1:80", "Where nginx listens on this host; 0.0.0.0:80 is open to everybody."),
    ("API_REPLICAS", "1", "Containers of the API, each with WORKERS processes."),
    ("API_CPUS", "2", "Processors that one API container may use."),
    ("API_MEMORY", "2G", "Memory that one API container may use."),
    ("WORKER_REPLICAS", "3", "Recognise workers, each with a model of its own; `--scale worker=5` wins, for once."),
    ("WORKER_CPUS", "2", "Processors of one recognise worker, a whole number: its engine starts so many threads."),
    ("WORKER_MEMORY", "2G", "Memory of one recognise worker; meant for models up to small, large ones want more."),
    ("GPU_WORKER_MEMORY", "12G", "Memory of the host for one recognise worker on a GPU."),
    ("PREPARE_REPLICAS", "1", "Workers that decode recordings."),
    ("REDIS_MAXMEMORY", "4gb", "Memory that Redis may fill; it takes no job beyond it and throws none away."),
    ("REDIS_MEMORY", "6G", "Memory of its container; half as much again as REDIS_MAXMEMORY."),
    ("STOP_GRACE_PERIOD", "60s", "Docker kills a process after this; more than STOP_GRACE_S and 15 s."),
    ("PROMETHEUS_RETENTION", "15d", "How long Prometheus keeps what it measured."),
    ("FRONT_SUBNET", "172.30.77.0/24", "Private network of nginx and API; another one if this host uses it already."),
    ("PRELOAD_MODEL", "", "Model whose weights are built into the worker's image; none: a volume is filled at start."),
    ("STENOPOOL_VERSION", "0.1.0", "Tag of the images that are built."),
)
"""Name, default and reason of each variable of the compose files that is no setting of the processes."""


def _default(name: str) -> str:
    value = Settings.model_fields[name].default
    if value is None or value == "":
        return ""
    if isinstance(value, timedelta):
        return format_duration(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def table() -> str:
    """The settings as a Markdown table."""
    rows = ["| setting | default | what it is |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        shown = f"`{_default(name)}`" if _default(name) else "not set"
        twin = f" Or `{name.upper()}_FILE`, a file that holds it." if name.upper() in SECRETS else ""
        rows.append(f"| `{name.upper()}` | {shown} | {field.description}{twin} |")
    return "\n".join(rows) + "\n"


def example() -> str:
    """The settings as a file for ``.env``, all commented out."""
    lines = [
        f"# {field.description}\n# {name.upper()}={_default(name)}\n" for name, field in Settings.model_fields.items()
    ]
    compose = [f"# {reason}\n# {name}={default}\n" for name, default, reason in _COMPOSE]
    return (
        _EXAMPLE_HEAD
        + "".join("\n" + line for line in lines)
        + _COMPOSE_HEAD
        + "".join("\n" + line for line in compose)
    )


def documents() -> dict[Path, str]:
    """Each file that shows the settings, as it should be."""
    readme = ROOT / "README.md"
    before, _, rest = readme.read_text(encoding="utf-8").partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return {readme: before + _BEGIN + table() + _END + after, ROOT / ".env.example": example()}


def main() -> None:
    """Writes the files, or with ``--check`` says which one is out of date and exits with 1."""
    is_check = "--check" in sys.argv[1:]
    stale = [path for path, text in documents().items() if not path.exists() or path.read_text("utf-8") != text]
    for path in stale:
        if is_check:
            print(f"{path.name} is out of date: run scripts/settings_table.py")
        else:
            path.write_text(documents()[path], encoding="utf-8")
    sys.exit(1 if is_check and stale else 0)


if __name__ == "__main__":
    main()
