"""What goes wrong with units, each with the check that must see it."""

from typing import Final

from tests.deploy.breakages import Breakage, Check
from tests.deploy.systemd import checks


def _broken(name: str, file: str, old: str, new: str, check: Check) -> Breakage:
    return Breakage(f"systemd {name}", f"deploy/systemd/{file}", old, new, check)


_WORKER: Final = "stenopool-worker@.service"

BREAKAGES: Final[tuple[Breakage, ...]] = (
    _broken("a worker listens where nobody rings", _WORKER, "-X prepare", "-Q prepare", checks.commands_by_hand),
    _broken(
        "the API is open to the network",
        "stenopool-api.service",
        "127.0.0.1 --port",
        "0.0.0.0 --port",
        checks.commands_by_hand,
    ),
    _broken(
        "processes that start together are ended",
        "stenopool-api.service",
        "--timeout-worker-healthcheck 60",
        "--timeout-worker-healthcheck 5",
        checks.commands_by_hand,
    ),
    _broken("two clocks run", "stenopool-house.service", "worker -Q", "worker -B -Q", checks.held_together),
    _broken("a worker is killed within its grace", _WORKER, "StopSec=60", "StopSec=20", checks.stopped_in_time),
    _broken(
        "the grace grows above the time to stop",
        "stenopool.env.example",
        "GRACE_S=30",
        "GRACE_S=300",
        checks.stopped_in_time,
    ),
    _broken(
        "children hear a signal twice", "stenopool-prepare.service", "KillMode=mixed\n", "", checks.stopped_in_time
    ),
    _broken(
        "a dead clock stays dead", "stenopool-beat.service", "Restart=always", "Restart=no", checks.stopped_in_time
    ),
    _broken(
        "a process writes where it likes",
        "stenopool-api.service",
        "ProtectSystem=strict",
        "ProtectSystem=full",
        checks.hardened,
    ),
    _broken(
        "a process gains rights",
        "stenopool-prepare.service",
        "NoNewPrivileges=yes",
        "NoNewPrivileges=no",
        checks.hardened,
    ),
    _broken("a decoder leaves the machine", "stenopool-prepare.service", "IPAddressDeny=any\n", "", checks.hardened),
    _broken("a process is root", "stenopool-house.service", "User=stenopool", "User=root", checks.hardened),
    _broken("a worker opens any device", _WORKER, "DevicePolicy=closed", "DevicePolicy=auto", checks.hardened),
    _broken("a setting is misspelt", "stenopool.env.example", "MODEL_SIZE=base", "MODEL=base", checks.settings_valid),
    _broken(
        "data lie where nothing may be written",
        "stenopool.env.example",
        "/var/lib/stenopool/data",
        "/opt/stenopool/data",
        checks.settings_valid,
    ),
    _broken("the target forgets the clock", "stenopool.target", " stenopool-beat.service", "", checks.held_together),
    _broken("Redis evicts", "redis.conf", "noeviction", "allkeys-lru", checks.redis_keeps),
)
